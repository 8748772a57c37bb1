import Cryptography
import Network

/// An HTTP/1.1 server, over TLS or plain.
///
/// Its connections are one thread's, so idle and slow ones cost memory only; the handler runs on Swift's own threads.
///
///     let server = try await Server.start(on: "::", port: 8443, tls: { context }) { request in
///       Response(.ok, text: "hello\n")
///     }
///     ...
///     await server.stop()
package final class Server: Sendable {
  /// Gives the answer to a request.
  package typealias Handler = @Sendable (Request) async -> Response

  /// Where it listens, with the port that the system gave where 0 was asked for.
  package var address: Address { listener.address }

  private let listener: Listener
  private let core: ServerCore

  private init(_ listener: Listener, _ core: ServerCore) {
    self.listener = listener
    self.core = core
  }

  /// Starts to listen.
  /// - Parameters:
  ///   - host: a name or an address of this machine; "::" for all of IPv6 and IPv4, "0.0.0.0" for all of IPv4.
  ///   - port: 0 for one that is free.
  ///   - tls: asked for each new connection, so that another certificate is shown from the next one on; nil for plain
  ///     HTTP.
  ///   - admission: which clients may use the reserved connections; counts connections.
  ///   - report: told why no connection can be accepted at the moment: "too many open files".
  ///   - loop: nil for a shared one.
  ///   - handler: may be called for many requests at once; for those of one connection one after another.
  /// - Throws: ``NetworkError``.
  package static func start(
    on host: String, port: UInt16, tls: (@Sendable () -> TLSContext)? = nil,
    limits: ServerLimits = ServerLimits(), admission: Admission = Admission(),
    report: (@Sendable (NetworkError) -> Void)? = nil,
    loop: EventLoop? = nil, handler: @escaping Handler
  ) async throws(NetworkError) -> Server {
    let loop = try SharedLoop.orThis(loop)
    let core = ServerCore(limits, admission, on: loop, handler: handler)
    var options = ListenOptions(tls: tls)
    options.handshakeLimit = limits.handshake
    options.report = report
    let listener = try await Listener.listen(on: host, port: port, options: options, loop: loop) {
      core.admit($0)
    }
    return Server(listener, core)
  }

  /// Accepts nothing more from now on, and returns when the requests in flight are answered or their time is up.
  /// - Parameter limit: nil for the one of the server's limits.
  package func stop(within limit: Duration? = nil) async {
    listener.close()
    await withCheckedContinuation { continuation in
      let isTaken = core.loop.execute { [core] in
        core.stop(within: limit ?? core.limits.farewell, continuation)
      }
      if !isTaken { continuation.resume() }
    }
  }
}
