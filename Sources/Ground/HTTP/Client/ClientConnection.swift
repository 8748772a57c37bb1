import Cryptography
import Network

/// A connection to a server for requests that follow each other.
///
/// It is sound to send because only the loop's thread touches what changes, which its methods go to.
package final class ClientConnection: @unchecked Sendable {
  let loop: EventLoop
  private let host: String
  private let limits: MessageLimits

  // The loop's thread's own.
  var connection: Connection?
  var opening: CheckedContinuation<Result<Void, ClientError>, Never>?
  var exchange: ClientExchange?
  /// Sends a body that comes in pieces.
  var sender: Task<Void, Never>?
  /// The sender, while the connection holds as much as it should.
  var waiting: CheckedContinuation<Void, Never>?
  var opener: LoopTimer?
  var end: ClientError?
  private var isCancelled = false

  private init(_ host: String, _ limits: MessageLimits, on loop: EventLoop) {
    self.host = host
    self.limits = limits
    self.loop = loop
  }

  /// Connects to the address's host, with TLS where the address says `https`.
  /// - Parameters:
  ///   - tls: how; nil where the address is plain.
  ///   - connectLimit: for finding the host, connecting to it and agreeing on TLS.
  ///   - limits: how large answers may be.
  ///   - loop: nil for a shared one.
  /// - Throws: ``ClientError``.
  package static func connect(
    to address: WebAddress, tls: TLSContext? = nil, tlsName: String? = nil,
    connectLimit: Duration = .seconds(10),
    limits: MessageLimits = MessageLimits(body: 1 << 20), on loop: EventLoop? = nil
  ) async throws(ClientError) -> ClientConnection {
    let common: EventLoop
    do throws(NetworkError) { common = try SharedLoop.orThis(loop) } catch { throw .network(error) }
    if address.isSecure, tls == nil {
      throw .network(.tls(.unusable("TLS is not configured")))
    }
    let itself = ClientConnection(address.authority, limits, on: common)
    var options = ConnectOptions(tls: address.isSecure ? tls : nil)
    options.tlsName = tlsName
    options.connectLimit = connectLimit
    options.handshakeLimit = connectLimit
    let port = UInt16(address.port)
    try await itself.wait { [options] continuation in
      itself.opening = continuation
      itself.opener = common.schedule(after: connectLimit) { itself.fail(.timedOut(after: connectLimit)) }
      itself.connection = .connect(
        to: address.host, port: port, options: options, on: common, handler: itself)
    }
    return itself
  }

  /// Sends a request and gives the whole answer. One is sent at a time.
  /// - Parameters:
  ///   - target: a path with its query.
  ///   - fields: beside `Host` and those that say how long the body is.
  ///   - limit: for everything up to the end of the answer.
  /// - Throws: ``ClientError``, after which the connection is of no more use.
  package func send(
    _ method: Method, _ target: String, fields: Fields = [:], body: RequestBody = .none,
    limit: Duration = .seconds(30)
  ) async throws(ClientError) -> Response {
    var head = RequestHead(method, target, fields: ["Host": host])
    for field in fields { head.fields.append(field.name, field.value) }
    var writer = MessageWriter()
    do throws(MessageFault) {
      switch body {
      case .none: try writer.request(head, method == .get || method == .head ? .none : .bytes(0))
      case .bytes(let bytes):
        try writer.request(head, .bytes(bytes.count))
        writer.body(bytes)
      case .stream: try writer.request(head, .chunked)
      }
    } catch {
      throw .unwritable(error)
    }
    return try await wait { [self, bytes = writer.take()] continuation in
      guard let connection, exchange == nil else {
        return continuation.resume(returning: .failure(end ?? .network(.closed)))
      }
      let timer = loop.schedule(after: limit) { [self] in fail(.timedOut(after: limit)) }
      exchange = ClientExchange(method, limits, timer: timer, continuation)
      connection.write(bytes)
      if case .stream(let pieces) = body { sender = Task { await self.send(pieces) } }
    }
  }

  /// Whether another request can be sent, as far as is known here.
  package var isOpen: Bool {
    get async { (try? await loop.run { () throws(NetworkError) in self.connection != nil }) ?? false }
  }

  /// What the server showed: its own certificate and those that it sent with it.
  /// - Throws: `NetworkError`.
  package var peerCertificates: [Certificate] {
    get async throws(NetworkError) {
      try await loop.run { () throws(NetworkError) in
        guard let connection = self.connection else { throw .closed }
        return try connection.peerCertificates()
      }
    }
  }

  /// Ends the connection; an answer that is waited for does not come.
  package func close() {
    loop.execute { [self] in
      let connection = connection
      self.connection = nil
      fail(.network(.closed))
      connection?.close()
    }
  }

  // MARK: - Waiting

  /// Begins on the loop's thread and waits for the result. Cancellation ends the connection.
  private func wait<Value: Sendable>(
    _ begin: @escaping @Sendable (CheckedContinuation<Result<Value, ClientError>, Never>) -> Void
  ) async throws(ClientError) -> Value {
    let result: Result<Value, ClientError> = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isTaken = loop.execute { [self] in
          if isCancelled { return continuation.resume(returning: .failure(.cancelled)) }
          begin(continuation)
        }
        if !isTaken { continuation.resume(returning: .failure(.network(.loopStopped))) }
      }
    } onCancel: {
      loop.execute { [self] in
        isCancelled = true
        fail(.cancelled)
      }
    }
    return try result.get()
  }
}
