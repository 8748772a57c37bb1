import Testing

@testable import GRPC

/// A session with a hand-made server at its other side.
struct Dialogue {
  let session: ClientSession

  init(options: ClientSession.Options = .init(), settings: [(UInt16, UInt32)] = []) throws {
    session = try ClientSession(scheme: "https", authority: "example.org:2379", options: options)
    _ = try sent()
    try receive(.settings(settings), Frame(.settings, flags: Frame.acknowledgement))
    _ = try sent()
  }

  /// What the client wants to send now.
  func sent() throws -> [Frame] {
    var bytes: [UInt8] = []
    try session.send(into: &bytes, enough: .max)
    let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
    return Frame.all(in: bytes.starts(with: preface) ? Array(bytes.dropFirst(preface.count)) : bytes)
  }

  func receive(_ frames: Frame..., inPiecesOf count: Int = .max) throws {
    var rest = frames.flatMap(\.bytes)[...]
    while !rest.isEmpty {
      try Array(rest.prefix(count)).withUnsafeBytes { bytes throws in try session.receive(bytes) }
      rest = rest.dropFirst(count)
    }
  }

  /// Starts a call with one message for one answer.
  func start(_ message: [UInt8] = [1, 2, 3], timeout: Duration? = nil, token: String? = nil) throws
    -> TestCall
  {
    let call = TestCall()
    let request = GRPCRequest(
      path: "/test.Service/Method", metadata: token.map { [("token", $0)] } ?? [], timeout: timeout)
    call.exchange = CallExchange(
      request, framed: MessageFraming.frame(message), isComplete: true, answer: .one,
      limit: session.options.messageLimit
    ) { [weak call] in call?.ends.append($0) }
    try session.start(call.exchange)
    return call
  }

  /// Starts a call with messages in both directions.
  func startStream(_ message: [UInt8] = [1, 2, 3]) throws -> TestCall {
    let call = TestCall()
    call.exchange = CallExchange(
      GRPCRequest(path: "/test.Service/Stream", timeout: nil), framed: MessageFraming.frame(message),
      isComplete: false, answer: .many { [weak call] in call?.messages.append($0) },
      limit: session.options.messageLimit
    ) { [weak call] in call?.ends.append($0) }
    try session.start(call.exchange)
    return call
  }
}

/// What came of a call.
final class TestCall {
  var exchange: CallExchange!
  var messages: [[UInt8]] = []
  var ends: [Result<[UInt8], GRPCError>] = []

  var stream: Int32 { exchange.stream ?? -1 }

  /// Its one end.
  func answer() throws -> [UInt8] {
    try #require(ends.count == 1)
    return try ends[0].get()
  }

  var error: GRPCError? {
    guard case .failure(let error)? = ends.first, ends.count == 1 else { return nil }
    return error
  }
}
