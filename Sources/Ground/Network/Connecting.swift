import Cryptography

/// How a client connects.
package struct ConnectOptions: Sendable {
  /// Nil for plain TCP.
  package var tls: TLSContext?
  /// The name or address that the server's certificate must have; nil for the host that is connected to.
  package var tlsName: String?
  /// Limit for name resolution and TCP connect together.
  package var connectLimit: Duration = .seconds(10)
  /// Limit for the TLS handshake, from its start.
  package var handshakeLimit: Duration = .seconds(10)

  package init(tls: TLSContext? = nil) { self.tls = tls }
}

extension Connection {
  /// Starts to connect: resolves the host and tries its addresses one after the other, each for an equal share of the
  /// remaining time. Ignores proxy settings in the environment. Call it on the loop's thread; it calls the handler
  /// later.
  /// - Parameter host: a name, or an IPv4 or IPv6 address without brackets.
  package static func connect(
    to host: String, port: UInt16, options: ConnectOptions = ConnectOptions(), on loop: EventLoop,
    handler: any ConnectionHandler
  ) -> Connection {
    loop.requireCurrent()
    let connection = Connection(
      isClient: true, handshakeLimit: options.handshakeLimit, on: loop, handler: handler)
    do throws(TLSError) {
      connection.session = try options.tls.map { (context) throws(TLSError) in
        try TLSSession(context, name: options.tlsName ?? host)
      }
    } catch {
      connection.tearDown(.tls(error))
      return connection
    }
    let attempt = ConnectAttempt(connection, limit: options.connectLimit)
    connection.attempt = attempt
    attempt.begin(host, port)
    return connection
  }

  func connected(_ socket: Socket, _ peer: Address) {
    attempt = nil
    self.peer = peer
    socket.sendAtOnce()
    startSession()
  }

  /// Continues when TCP is connected.
  func startSession() {
    guard session != nil else {
      opens()
      updateInterest()
      return
    }
    phase = .handshaking
    let duration = handshakeLimit
    limit(duration) { [self] in fail(.timedOut(.handshake, after: duration)) }
    updateInterest()
    readSession()
  }
}

/// An attempt to connect: tries the addresses of a host in turn.
final class ConnectAttempt {
  /// A reference cycle, which the connection breaks when the attempt ends.
  private let connection: Connection
  private let hold: UInt64
  private let loop: EventLoop
  private let limit: Duration
  private let deadline: MonotonicTime
  private var addresses: [Address] = []
  private var failures: [NetworkError] = []
  private var current: Address?
  private var timer: LoopTimer?

  init(_ connection: Connection, limit: Duration) {
    self.connection = connection
    self.limit = limit
    loop = connection.loop
    deadline = MonotonicTime.now + limit
    hold = connection.loop.hold(connection)
  }

  func begin(_ host: String, _ port: UInt16) {
    timer = loop.schedule(after: limit) { [self] in connection.tearDown(.timedOut(.connecting, after: limit))
    }
    let itself = Confined(self, to: loop)
    Resolver.resolve(host, port: port) { [loop] result in
      loop.execute { itself.take().resolved(result) }
    }
  }

  func cancel() {
    timer?.cancel()
    timer = nil
    loop.letGo(hold)
    isCancelled = true
  }

  private var isCancelled = false

  private func resolved(_ result: Result<[Address], NetworkError>) {
    guard !isCancelled else { return }
    switch result {
    case .success(let addresses):
      self.addresses = addresses
      tryNext()
    case .failure(let error): connection.tearDown(error)
    }
  }

  private func tryNext() {
    timer?.cancel()
    connection.unregister()
    connection.socket = nil
    guard !addresses.isEmpty else {
      return connection.tearDown(failures.count == 1 ? failures[0] : .allAddressesFailed(failures))
    }
    let share = share
    let address = addresses.removeFirst()
    current = address
    timer = loop.schedule(after: share) { [self] in failed(.timedOut(.connecting, after: limit)) }
    do throws(SystemFailure) {
      let socket = try Socket(family: address.family)
      let isConnected = try socket.connect(to: address)
      do throws(NetworkError) { try connection.register(socket, .writable) } catch {
        return connection.tearDown(error)
      }
      if isConnected { done(socket, address) }
    } catch { failed(Self.error(error, address)) }
  }

  /// The remaining time divided by the number of remaining addresses.
  private var share: Duration {
    let now = MonotonicTime.now
    guard deadline > now else { return .zero }
    return .nanoseconds(Int64(clamping: deadline.nanoseconds - now.nanoseconds)) / addresses.count
  }

  func isReady() {
    guard let socket = connection.socket, let current else { return }
    if let failure = socket.failure { failed(Self.error(failure, current)) } else { done(socket, current) }
  }

  private func done(_ socket: Socket, _ address: Address) {
    cancel()
    connection.connected(socket, address)
  }

  private func failed(_ error: NetworkError) {
    failures.append(error)
    tryNext()
  }

  private static func error(_ failure: SystemFailure, _ address: Address) -> NetworkError {
    if failure.isRefusal { return .refused(address) }
    return failure.isShortage
      ? failure.error("open a socket") : .unreachable(address, reason: failure.reason)
  }
}
