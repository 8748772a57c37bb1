import Cryptography
import Network

/// One connection of a server: what its session says is done on the loop's thread.
final class ServerConnection: ConnectionHandler {
  private let core: ServerCore
  private let connection: Connection
  let client: String
  let network: String?
  /// Its index among the connections of the server.
  var place: Int
  private var session: ServerSession
  private var certificates: [Certificate]?
  private var began: ContinuousClock.Instant?
  /// The limit of the phase that the connection is in.
  private var timer: LoopTimer?
  private var timed: ServerSession.Phase?
  private var work: Task<Void, Never>?
  /// What the connection has not taken of the last answer's body. The bytes are not copied before it can take them.
  private var rest: ArraySlice<UInt8> = []
  private var isLast = false
  /// Whether the client has to take of the last answer before its next request is read, or the connection ends.
  private var isFull = false
  /// Whether the answer is one of those whose number is limited.
  private var isTransfer = false

  init(_ connection: Connection, client: String, network: String?, place: Int, core: ServerCore) {
    self.connection = connection
    self.client = client
    self.network = network
    self.place = place
    self.core = core
    session = ServerSession(core.limits.message)
  }

  // MARK: - What happens

  func opened(_ connection: Connection) {
    if core.isStopping { session.isStopping = true }
    advance()
  }

  func received(_ bytes: RawSpan, on connection: Connection) {
    if began == nil { began = .now }
    session.receive(bytes)
    advance()
  }

  func peerFinished(_ connection: Connection) {
    perform(session.endInput())
    watchTime()
  }

  func becameWritable(_ connection: Connection) {
    guard isFull else { return }
    sendRest()
  }

  func closed(_ connection: Connection, because error: NetworkError?) {
    timer?.cancel()
    work?.cancel()
    rest = []
    endTransfer()
    core.ended(self)
  }

  /// What is counted together: the network of an IPv6 client, or the client's address.
  var group: String { network ?? client }

  /// Whether no request is in progress, so that it may be closed.
  var isWaiting: Bool { session.phase != .working && !isFull }

  /// Ends the connection after the request that is under way.
  func stop() {
    session.isStopping = true
    if session.phase == .fresh || session.phase == .idle, !isFull { advance() }
  }

  func abort() { connection.abort() }

  // MARK: - What follows

  private func advance() {
    while let step = session.next(date: core.date) { perform(step) }
    watchTime()
  }

  private func perform(_ step: ServerSession.Step?) {
    switch step {
    case .send(let bytes): connection.write(bytes)
    case .refuse(let bytes):
      connection.write(bytes)
      connection.close()
    case .close: connection.close()
    case .handle(let head, let body): handle(head, body)
    case nil: break
    }
  }

  private func handle(_ head: RequestHead, _ body: Result<[UInt8], BodyFault>) {
    connection.pauseReading()
    let loop = core.loop
    let itself = Confined(self, to: loop)
    // One whose chain cannot be read was not shown.
    if certificates == nil { certificates = (try? connection.peerCertificates()) ?? [] }
    let request = Request(
      head: head, body: body, client: client, network: network, certificates: certificates ?? [],
      began: began ?? .now,
      drop: { loop.execute { itself.take().abort() } })
    began = nil
    let handler = core.handler
    work = Task {
      let response = await handler(request)
      loop.execute { itself.take().answer(response) }
    }
  }

  private func answer(_ response: Response) {
    work = nil
    guard connection.isOpen else { return }
    var answer = session.answer(admitted(response), date: core.date)
    connection.write(answer.head)
    (rest, isLast) = (answer.body[...], answer.isLast)
    answer.body = []
    sendRest()
  }

  /// The answer, or another one if too many large ones are being sent.
  private func admitted(_ response: Response) -> Response {
    guard response.body.count > Connection.highWater else { return response }
    guard core.beginTransfer(to: client) else {
      return Response(.serviceUnavailable, fields: ["Retry-After": "10"])
    }
    isTransfer = true
    return response
  }

  private func endTransfer() {
    guard isTransfer else { return }
    isTransfer = false
    core.endTransfer(to: client)
  }

  /// Sends of the body as much as the connection takes; after the last of it the connection goes on, or ends.
  private func sendRest() {
    while !rest.isEmpty, connection.isWritable {
      let piece = rest.prefix(Self.piece)
      connection.write(piece.span.bytes)
      rest = rest.dropFirst(piece.count)
    }
    isFull = !rest.isEmpty || !isLast && !connection.isWritable
    if !isFull {
      endTransfer()
      if isLast { connection.close(within: core.limits.answer) } else { resume() }
    }
    watchTime()
  }

  private static let piece = 64 << 10

  private func resume() {
    // What the client has sent ahead began now, as far as its limits are concerned.
    if session.phase == .head { began = .now }
    advance()
    if session.phase != .working, session.phase != .ended { connection.resumeReading() }
  }

  // MARK: - Time

  /// Sets the limit of a phase when it begins.
  private func watchTime() {
    if isFull {
      // From now on, because the client has just taken a part.
      limit(core.limits.answer) { $0.abort() }
      timed = nil
      return
    }
    let phase = session.phase
    // The head of the first request is counted from the beginning of the connection.
    guard phase != timed, !(phase == .head && timed == .fresh) else { return }
    timed = phase
    switch phase {
    case .fresh, .head: limit(core.limits.head) { $0.expire() }
    case .idle: limit(core.limits.idle) { $0.expire() }
    case .body: limit(core.limits.body) { $0.expire() }
    case .working, .ended:
      timer?.cancel()
      timer = nil
    }
  }

  private func limit(_ duration: Duration, _ work: @escaping (ServerConnection) -> Void) {
    timer?.cancel()
    timer = core.loop.schedule(after: duration) { [weak self] in
      if let self { work(self) }
    }
  }

  private func expire() {
    perform(session.expire(date: core.date))
    watchTime()
  }
}
