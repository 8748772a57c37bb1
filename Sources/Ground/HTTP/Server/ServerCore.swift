import Network

/// What the connections of a server have in common. It belongs to its loop's thread.
///
/// It is sound to send because its constants may be read by all, and only the loop's thread touches what changes.
final class ServerCore: @unchecked Sendable {
  let loop: EventLoop
  let limits: ServerLimits
  let handler: Server.Handler
  private let admission: Admission

  // The loop's thread's own.
  /// Each connection knows its place, so that one can be removed or picked at random at once.
  private var connections: [ServerConnection] = []
  /// By address, and by network for IPv6.
  private var counts: [String: Int] = [:]
  /// Large answers that are being sent: in all, and by address.
  private var transfers = 0
  private var transfersByClient: [String: Int] = [:]
  private(set) var isStopping = false
  private var waiters: [CheckedContinuation<Void, Never>] = []
  private var lastDate: (seconds: Int, text: String)?

  init(_ limits: ServerLimits, _ admission: Admission, on loop: EventLoop, handler: @escaping Server.Handler)
  {
    self.limits = limits
    self.admission = admission
    self.loop = loop
    self.handler = handler
  }

  /// Takes a new connection in. If there are too many in all, one of a client or network that has more of them is
  /// closed for it.
  /// - Returns: nil if it is refused.
  func admit(_ connection: Connection) -> ServerConnection? {
    guard !isStopping else { return nil }
    let client = connection.peer?.host ?? "unknown"
    let network = connection.peer?.network
    guard counts[client, default: 0] < limits.connectionsPerClient,
      network.map({ counts[$0, default: 0] < limits.connectionsPerNetwork }) ?? true
    else {
      admission.count { $0.refusedForClient += 1 }
      return nil
    }
    let room = limits.connections - (admission.knows(client) ? 0 : limits.reserve)
    guard connections.count < room || displaceOne(for: network ?? client) else {
      admission.count { $0.refusedInAll += 1 }
      return nil
    }
    let new = ServerConnection(
      connection, client: client, network: network, place: connections.count, core: self)
    connections.append(new)
    for name in [client, network].compactMap(\.self) { counts[name, default: 0] += 1 }
    admission.count { $0.open += 1 }
    return new
  }

  /// Closes a connection on which no request is in progress, of a client or network with more connections than the new
  /// one's. Of a few that are picked at random, because a search among all would cost too much in a flood.
  /// - Parameter group: the network of the new connection, or its address.
  private func displaceOne(for group: String) -> Bool {
    let own = counts[group, default: 0] + 1
    let picked = (0..<16).compactMap { _ in connections.randomElement() }.filter(\.isWaiting)
      .map { (connection: $0, count: counts[$0.group, default: 0]) }
    guard let victim = picked.max(by: { $0.count < $1.count }), victim.count > own else { return false }
    victim.connection.abort()
    ended(victim.connection)
    admission.count { $0.displaced += 1 }
    return true
  }

  /// - Returns: whether a large answer may be sent now; ``endTransfer(to:)`` follows then.
  func beginTransfer(to client: String) -> Bool {
    let room = admission.knows(client) ? limits.transfers : limits.transfers - limits.transfers / 4
    guard transfers < room, transfersByClient[client, default: 0] < limits.transfersPerClient else {
      return false
    }
    transfers += 1
    transfersByClient[client, default: 0] += 1
    return true
  }

  func endTransfer(to client: String) {
    transfers -= 1
    let left = (transfersByClient[client] ?? 1) - 1
    transfersByClient[client] = left > 0 ? left : nil
  }

  func ended(_ connection: ServerConnection) {
    let place = connection.place
    guard connections.indices.contains(place), connections[place] === connection else { return }
    connections.swapAt(place, connections.count - 1)
    connections[place].place = place
    connections.removeLast()
    for name in [connection.client, connection.network].compactMap(\.self) {
      let left = (counts[name] ?? 1) - 1
      counts[name] = left > 0 ? left : nil
    }
    admission.count { $0.open -= 1 }
    if connections.isEmpty { finish() }
  }

  /// Ends connections as soon as nothing is under way on them, and all of them when the time is up.
  func stop(within limit: Duration, _ waiter: CheckedContinuation<Void, Never>) {
    waiters.append(waiter)
    isStopping = true
    guard !connections.isEmpty else { return finish() }
    for connection in connections { connection.stop() }
    _ = loop.schedule(after: limit) { [self] in
      for connection in connections { connection.abort() }
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
