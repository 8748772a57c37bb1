import Network

/// What the connections of a server have in common. It belongs to its loop's thread.
///
/// It is sound to send because its constants may be read by all, and only the loop's thread touches what changes.
final class ServerCore: @unchecked Sendable {
  let loop: EventLoop
  let limits: ServerLimits
  let handler: Server.Handler

  // The loop's thread's own.
  private var connections: [ObjectIdentifier: ServerConnection] = [:]
  private var counts: [String: Int] = [:]
  private(set) var isStopping = false
  private var waiters: [CheckedContinuation<Void, Never>] = []
  private var lastDate: (seconds: Int, text: String)?

  init(_ limits: ServerLimits, on loop: EventLoop, handler: @escaping Server.Handler) {
    self.limits = limits
    self.loop = loop
    self.handler = handler
  }

  /// Takes a new connection in.
  /// - Returns: nil where it is one too many, in all or for its client.
  func admit(_ connection: Connection) -> ServerConnection? {
    let client = connection.peer?.host ?? "unknown"
    guard !isStopping, connections.count < limits.connections,
      counts[client, default: 0] < limits.connectionsPerClient
    else { return nil }
    counts[client, default: 0] += 1
    let new = ServerConnection(connection, client: client, core: self)
    connections[ObjectIdentifier(new)] = new
    return new
  }

  func ended(_ connection: ServerConnection, client: String) {
    guard connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
    let left = (counts[client] ?? 1) - 1
    counts[client] = left > 0 ? left : nil
    if connections.isEmpty { finish() }
  }

  /// Ends connections as soon as nothing is under way on them, and all of them when the time is up.
  func stop(within limit: Duration, _ waiter: CheckedContinuation<Void, Never>) {
    waiters.append(waiter)
    isStopping = true
    guard !connections.isEmpty else { return finish() }
    for connection in Array(connections.values) { connection.stop() }
    _ = loop.schedule(after: limit) { [self] in
      for connection in Array(connections.values) { connection.abort() }
    }
  }

  private func finish() {
    guard isStopping else { return }
    let waiters = waiters
    self.waiters = []
    for waiter in waiters { waiter.resume() }
  }

  /// For the `Date` field, made once a second.
  var date: String {
    let seconds = HTTPDate.seconds()
    if let lastDate, lastDate.seconds == seconds { return lastDate.text }
    let text = HTTPDate.text(seconds)
    lastDate = (seconds, text)
    return text
  }
}
