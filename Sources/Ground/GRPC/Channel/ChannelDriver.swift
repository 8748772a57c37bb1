import Cryptography
import Network

/// A channel's machine on an event loop, with real connections and the real clock.
///
/// It is sound to send because only the loop's thread uses its variables, which ``turn()`` checks.
final class ChannelDriver: ChannelSurroundings, @unchecked Sendable {
  let loop: EventLoop
  private let host: String
  /// The name or address that the server's certificate must have; nil for the host.
  private let serverName: String?
  private let port: UInt16
  private let security: GRPCChannel.Security
  private var machine: ChannelMachine?
  private var connections: [ObjectIdentifier: LinkConnection] = [:]
  private var timer: LoopTimer?
  private var isToFlush = false

  init(
    host: String, port: UInt16, security: GRPCChannel.Security, serverName: String?,
    options: ChannelMachine.Options, on loop: EventLoop
  ) {
    (self.host, self.port, self.security, self.loop) = (host, port, security, loop)
    self.serverName = serverName
    let isPlain = if case .plain = security { true } else { false }
    machine = ChannelMachine(
      scheme: isPlain ? "http" : "https",
      authority: host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)",
      options: options, surroundings: self)
  }

  /// The machine, with the time told; what it leaves to do is done at the end of the loop's turn, together with what
  /// other calls leave in the same turn.
  func turn() -> ChannelMachine? {
    loop.requireCurrent()
    guard let machine else { return nil }
    machine.now = .now
    if !isToFlush {
      isToFlush = true
      loop.afterwards { [self] in
        isToFlush = false
        machine.flush()
      }
    }
    return machine
  }

  /// Ends everything, and with it the cycle of references that holds this.
  func close() {
    turn()?.close()
    timer?.cancel()
    machine = nil
  }

  // MARK: - what the machine asks for

  func connect(_ link: Link) {
    let connection = LinkConnection(link, driver: self)
    connections[ObjectIdentifier(link)] = connection
    switch security {
    case .plain: open(connection, tls: nil)
    case .tls(let context):
      // Reading files and keys takes its time, which the loop has not.
      let confined = Confined(connection, to: loop)
      Task { [self] in
        let result = Result { () throws(GRPCError) in try context() }
        loop.execute { [self] in
          switch result {
          case .success(let context): open(confined.take(), tls: context)
          case .failure(let error): ended(confined.take().link, error)
          }
        }
      }
    }
  }

  private func open(_ connection: LinkConnection, tls: TLSContext?) {
    guard connection.link.state == .connecting else { return }
    var options = ConnectOptions(tls: tls)
    options.tlsName = serverName
    connection.connection = Connection.connect(
      to: host, port: port, options: options, on: loop, handler: connection)
  }

  func send(_ bytes: [UInt8], over link: Link) {
    connections[ObjectIdentifier(link)]?.connection?.write(bytes)
  }

  func close(_ link: Link) {
    guard let connection = connections.removeValue(forKey: ObjectIdentifier(link)) else { return }
    connection.driver = nil
    connection.connection?.close()
  }

  func wake(at time: ContinuousClock.Instant) {
    timer?.cancel()
    timer = loop.schedule(after: time - .now) { [self] in turn()?.timePassed() }
  }

  fileprivate func ended(_ link: Link, _ error: GRPCError) { turn()?.ended(link, error) }
}

/// What happens on one connection, told to the machine.
private final class LinkConnection: ConnectionHandler {
  let link: Link
  var connection: Connection?
  var driver: ChannelDriver?

  init(_ link: Link, driver: ChannelDriver) { (self.link, self.driver) = (link, driver) }

  func opened(_ connection: Connection) {
    guard !connection.isSecure || connection.applicationProtocol == "h2" else {
      driver?.ended(
        link, GRPCError(.unavailable, "the server speaks TLS but not HTTP/2", processing: .surelyNot))
      return
    }
    driver?.turn()?.connected(link)
  }

  func received(_ bytes: RawSpan, on connection: Connection) {
    guard let machine = driver?.turn() else { return }
    bytes.withUnsafeBytes { machine.received($0, over: link) }
  }

  func peerFinished(_ connection: Connection) { tell("the server closed the connection") }

  func closed(_ connection: Connection, because error: NetworkError?) {
    tell(error?.description ?? "the server closed the connection", error)
  }

  private func tell(_ words: String, _ cause: NetworkError? = nil) {
    driver?.ended(link, GRPCError(.unavailable, words, processing: .surelyNot, cause: cause))
  }
}
