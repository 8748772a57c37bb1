import Cryptography
import Network

/// A connection to a server for requests that follow each other.
///
/// It is sound to send because only the loop's thread touches what changes, which its methods go to.
package final class ClientConnection: @unchecked Sendable {
  private let loop: EventLoop
  private let host: String
  private let limits: MessageLimits

  // The loop's thread's own.
  private var connection: Connection?
  private var opening: CheckedContinuation<Result<Void, ClientError>, Never>?
  private var exchange: ClientExchange?
  private var end: ClientError?
  private var isCancelled = false

  private init(_ host: String, _ limits: MessageLimits, on loop: EventLoop) {
    self.host = host
    self.limits = limits
    self.loop = loop
  }

  /// Connects to the address's host, with TLS where the address says `https`.
  /// - Parameters:
  ///   - tls: how; nil where the address is plain.
  ///   - limits: how large answers may be.
  ///   - loop: nil for one that all share.
  /// - Throws: ``ClientError``.
  package static func connect(
    to address: WebAddress, tls: TLSContext? = nil, connectLimit: Duration = .seconds(10),
    limits: MessageLimits = MessageLimits(body: 1 << 20), on loop: EventLoop? = nil
  ) async throws(ClientError) -> ClientConnection {
    let common: EventLoop
    do throws(NetworkError) { common = try SharedLoop.orThis(loop) } catch { throw .network(error) }
    if address.isSecure, tls == nil {
      throw .network(.tls(.unusable("nothing says how to use TLS")))
    }
    let itself = ClientConnection(address.authority, limits, on: common)
    var options = ConnectOptions(tls: address.isSecure ? tls : nil)
    options.connectLimit = connectLimit
    options.handshakeLimit = connectLimit
    let port = UInt16(address.port)
    try await itself.wait { [options] continuation in
      itself.opening = continuation
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
    let sending = sending(body)
    defer { sending?.cancel() }
    return try await wait { [self, bytes = writer.take()] continuation in
      guard let connection, exchange == nil else {
        return continuation.resume(returning: .failure(end ?? .network(.closed)))
      }
      let timer = loop.schedule(after: limit) { [self] in fail(.timedOut(after: limit)) }
      exchange = ClientExchange(method, limits, timer: timer, continuation)
      connection.write(bytes)
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
      connection?.close()
      fail(.network(.closed))
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

  /// Sends the pieces of a body as they come, not faster than the server takes them.
  private func sending(_ body: RequestBody) -> Task<Void, Never>? {
    guard case .stream(let pieces) = body else { return nil }
    return Task { [self] in
      for await piece in pieces { await write(piece) }
      if !Task.isCancelled { await write(nil) }
    }
  }

  /// - Parameter piece: nil for the end of the body.
  private func write(_ piece: [UInt8]?) async {
    var writer = MessageWriter()
    // The last chunk has no fields that could not be written.
    if let piece { writer.chunk(piece) } else { try? writer.lastChunk() }
    let bytes = writer.take()
    _ = try? await loop.run { [self] () throws(NetworkError) in
      if exchange != nil { connection?.write(bytes) }
    }
    while await !isWritable, !Task.isCancelled { try? await Task.sleep(for: .milliseconds(10)) }
  }

  private var isWritable: Bool {
    get async {
      (try? await loop.run { () throws(NetworkError) in self.connection?.isWritable ?? true }) ?? true
    }
  }

  // MARK: - On the loop's thread

  /// Ends the connection, and what waits for it.
  private func fail(_ error: ClientError) {
    if end == nil { end = error }
    if let connection {
      self.connection = nil
      connection.abort()
    }
    opening?.resume(returning: .failure(error))
    opening = nil
    exchange?.fail(error)
    exchange = nil
  }

  private func advance() {
    guard let exchange else { return fail(.network(.closed)) }
    do throws(ClientError) {
      guard try exchange.advance() else { return }
      self.exchange = nil
      if !exchange.keepsAlive {
        connection?.close()
        connection = nil
        end = .network(.closed)
      }
      exchange.succeed()
    } catch {
      fail(error)
    }
  }
}

extension ClientConnection: ConnectionHandler {
  package func opened(_ connection: Connection) {
    opening?.resume(returning: .success(()))
    opening = nil
  }

  package func received(_ bytes: RawSpan, on connection: Connection) {
    // Nothing was asked: what comes now would be taken for the answer to what is asked next.
    guard let exchange, self.connection != nil else { return fail(.network(.closed)) }
    exchange.receive(bytes)
    advance()
  }

  package func peerFinished(_ connection: Connection) {
    guard let exchange else { return fail(.network(.ended)) }
    self.connection = nil
    connection.close()
    self.exchange = nil
    end = .closedEarly
    exchange.close()
  }

  package func closed(_ connection: Connection, because error: NetworkError?) {
    self.connection = nil
    fail(error.map { $0 == .ended ? .closedEarly : .network($0) } ?? .closedEarly)
  }
}
