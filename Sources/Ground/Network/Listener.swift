import Cryptography

/// How a server accepts connections.
package struct ListenOptions: Sendable {
  /// Called for each new connection, so that a replaced certificate is used from the next connection on; nil for
  /// plain TCP.
  package var tls: (@Sendable () -> TLSContext)?
  /// Limit for the TLS handshake, from accepting the connection.
  package var handshakeLimit: Duration = .seconds(10)
  /// The number of clients that may wait to be accepted.
  package var backlog = 4_096
  /// Called when accepting fails for lack of resources, such as "too many open files". The listener retries by
  /// itself.
  package var report: (@Sendable (NetworkError) -> Void)?

  package init(tls: (@Sendable () -> TLSContext)? = nil) { self.tls = tls }
}

/// A socket that accepts connections, on its loop's thread.
///
/// Sendable because only the loop's thread accesses the mutable state.
package final class Listener: EventSource, @unchecked Sendable {
  /// The address, with the port that the system chose if 0 was requested.
  package let address: Address
  private let loop: EventLoop
  private let options: ListenOptions
  private let accept: @Sendable (Connection) -> (any ConnectionHandler)?

  // Only accessed on the loop's thread.
  private var socket: Socket?
  private var registration: UInt64 = 0
  private var isPaused = false
  private var retry: LoopTimer?

  /// Starts to listen.
  /// - Parameters:
  ///   - host: a name or an address of this machine; "::" for all of IPv6 and IPv4, "0.0.0.0" for all of IPv4.
  ///   - port: 0 for any free port.
  ///   - accept: returns the handler for a new connection, before its TLS handshake; nil closes the connection. Its
  ///     peer's address is known.
  /// - Throws: ``NetworkError``.
  package static func listen(
    on host: String, port: UInt16, options: ListenOptions = ListenOptions(), loop: EventLoop,
    accept: @escaping @Sendable (Connection) -> (any ConnectionHandler)?
  ) async throws(NetworkError) -> Listener {
    let addresses: Result<[Address], NetworkError> = await withCheckedContinuation { continuation in
      Resolver.resolve(host, port: port, passive: true) { continuation.resume(returning: $0) }
    }
    guard let address = try addresses.get().first else {
      throw .nameUnknown(host, reason: "it has no address")
    }
    return try await loop.run { () throws(NetworkError) in
      try Listener(address, options, loop, accept)
    }
  }

  private init(
    _ address: Address, _ options: ListenOptions, _ loop: EventLoop,
    _ accept: @escaping @Sendable (Connection) -> (any ConnectionHandler)?
  ) throws(NetworkError) {
    self.loop = loop
    self.options = options
    self.accept = accept
    do throws(SystemFailure) {
      let socket = try Socket(family: address.family)
      try socket.listen(on: address, backlog: options.backlog)
      self.socket = socket
      self.address = socket.localAddress ?? address
    } catch {
      throw error.isInUse ? .addressInUse(address) : .cannotListen(address, reason: error.reason)
    }
    try resumeNow()
  }

  // MARK: From any thread

  /// Leaves new clients waiting in the backlog.
  package func pause() {
    loop.execute { [self] in
      isPaused = true
      unregister()
    }
  }

  package func resume() {
    loop.execute { [self] in
      isPaused = false
      tryToResume()
    }
  }

  /// Stops listening; waiting clients are refused. Accepted connections stay open.
  package func close() { loop.execute { [self] in closeNow() } }

  // MARK: On the loop's thread

  func isReady(_ ready: Readiness) {
    // Limited, so that connections do not wait.
    for _ in 0..<64 {
      guard let socket, !isPaused, registration != 0 else { return }
      do throws(SystemFailure) {
        guard let (accepted, peer) = try socket.accept() else { return }
        begin(accepted, peer)
      } catch {
        // Other errors concern one connection that has already ended (Linux, accept(2)).
        if error.isShortage { return waitForBetterTimes(error) }
      }
    }
  }

  func loopStops() { closeNow() }

  private func begin(_ socket: Socket, _ peer: Address) {
    let connection = Connection(
      isClient: false, handshakeLimit: options.handshakeLimit, on: loop, handler: nil)
    connection.peer = peer
    guard let handler = accept(connection) else { return }
    connection.handler = handler
    // The closure may have closed it.
    guard connection.phase != .closed else { return }
    do {
      connection.session = try options.tls.map { try TLSSession($0()) }
      try connection.register(socket, .readable)
    } catch let error as NetworkError {
      return connection.tearDown(error)
    } catch let error as TLSError {
      return connection.tearDown(.tls(error))
    } catch {
      return connection.tearDown(.system(operation: "accept a connection", reason: "\(error)"))
    }
    socket.sendAtOnce()
    connection.startSession()
  }

  /// Without a free descriptor, epoll would report the waiting client in every turn.
  private func waitForBetterTimes(_ failure: SystemFailure) {
    unregister()
    options.report?(failure.error("accept a connection"))
    retry = loop.schedule(after: .milliseconds(100)) { [self] in tryToResume() }
  }

  private func tryToResume() {
    retry?.cancel()
    retry = nil
    do throws(NetworkError) { try resumeNow() } catch {
      options.report?(error)
      retry = loop.schedule(after: .seconds(1)) { [self] in tryToResume() }
    }
  }

  private func resumeNow() throws(NetworkError) {
    guard let socket, !isPaused, registration == 0 else { return }
    registration = try loop.add(self, socket, .readable)
  }

  private func unregister() {
    retry?.cancel()
    retry = nil
    guard registration != 0, let socket else { return }
    loop.remove(registration, socket)
    registration = 0
  }

  private func closeNow() {
    unregister()
    socket = nil
  }
}
