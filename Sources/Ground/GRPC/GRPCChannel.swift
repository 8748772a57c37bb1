import Cryptography
import Network

/// The way to one gRPC server: one HTTP/2 connection with any number of calls at a time, made when the first call needs
/// it and made again when it is gone.
///
/// Every call that fails says whether the server surely did not process it. Those that the server refused, or that were
/// not sent when their connection ended, are sent again over the next one, a few times; those that may be repeated also,
/// once, if they were sent. There is no proxy and there are
/// no redirects. A channel has to be closed.
package final class GRPCChannel: Sendable {
  package enum Security: Sendable {
    case plain
    /// - Parameter context: Is asked for each connection, on a thread that may wait for the disk, so that a certificate
    ///   that has changed counts from the next connection on. It has to offer the protocol `h2`.
    case tls(_ context: @Sendable () throws(GRPCError) -> TLSContext)
  }

  private let driver: ChannelDriver
  private let loop: EventLoop

  /// - Parameters:
  ///   - host: A name, or an address without brackets.
  ///   - serverName: The name or address that the server's certificate must have; nil for the host.
  package init(
    to host: String, port: UInt16, security: Security, serverName: String? = nil, on loop: EventLoop
  ) {
    self.loop = loop
    driver = ChannelDriver(
      host: host, port: port, security: security, serverName: serverName, options: .init(), on: loop)
  }

  /// Ends the connection and every call.
  package func close() {
    loop.execute { [driver] in driver.close() }
  }

  /// Sends one message and waits for one.
  /// - Throws: ``GRPCError``; `cancelled` as soon as the task is cancelled.
  package func call(_ request: GRPCRequest, message: [UInt8]) async throws(GRPCError) -> [UInt8] {
    let call = Confined(
      Call(
        request, framed: MessageFraming.frame(message), isComplete: true, answer: .one,
        deadline: request.timeout.map { .now + $0 }), to: loop)
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation {
        (continuation: CheckedContinuation<Result<[UInt8], GRPCError>, Never>) in
        let isTaken = loop.execute { [driver] in
          driver.begin(call.take()) { continuation.resume(returning: $0) }
        }
        if !isTaken { continuation.resume(returning: .failure(Self.stopped)) }
      }
    } onCancel: {
      loop.execute { [driver] in driver.turn()?.cancel(call.take()) }
    }
    return try result.get()
  }

  /// Begins a call with messages in both directions. It has to be cancelled or read to its end.
  package func stream(_ request: GRPCRequest) -> GRPCStream { GRPCStream(request, driver: driver) }

  static let stopped = GRPCError(.cancelled, "the event loop has stopped", processing: .surelyNot)
}

extension ChannelDriver {
  /// Starts a call that may have been cancelled before.
  func begin(_ call: Call, _ finish: @escaping (Result<[UInt8], GRPCError>) -> Void) {
    call.begin(finish)
    guard let machine = turn() else {
      return call.end(.failure(GRPCError(.cancelled, "the client is closed", processing: .surelyNot)))
    }
    machine.start(call)
  }
}
