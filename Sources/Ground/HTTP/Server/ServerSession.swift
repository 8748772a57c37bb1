/// A connection from the server's side, without input, output or a clock: bytes go in, steps to be done come out.
///
/// Requests are answered one after another; what a client sends ahead waits.
struct ServerSession {
  /// What the connection waits for, and so which deadline counts.
  enum Phase: Hashable {
    /// The first request of a connection has not begun.
    case fresh
    /// The next request has not begun.
    case idle
    case head
    case body
    /// The handler is at work: nothing is read.
    case working
    /// Nothing more is read; after the last answer the connection ends.
    case ended
  }

  enum Step: Hashable {
    /// Bytes to be sent at once: an interim answer.
    case send([UInt8])
    /// A request for the handler: ``answer(_:date:)`` follows.
    case handle(RequestHead, Result<[UInt8], BodyFault>)
    /// The last answer.
    case refuse([UInt8])
    /// There is nothing to be said.
    case close
  }

  private(set) var phase = Phase.fresh
  /// Whether the connection is to end after the request that is under way.
  var isStopping = false

  private var reader: RequestReader
  private var head: RequestHead?
  private var body: [UInt8] = []
  private var wantsContinue = false
  private var hasInputEnded = false
  private var isBodyWhole = true

  init(_ limits: MessageLimits) { reader = RequestReader(limits) }

  /// Takes bytes that have arrived. ``next(date:)`` says what follows from them.
  mutating func receive(_ bytes: RawSpan) { reader.receive(bytes) }

  /// What is to be done now; nil where more bytes have to arrive first, or the handler has to answer.
  mutating func next(date: String) -> Step? {
    guard phase != .working, phase != .ended else { return nil }
    do throws(MessageFault) {
      while let event = try reader.next() {
        switch event {
        case .head(let head): try begin(head)
        case .body(let piece):
          wantsContinue = false
          if body.isEmpty { body = piece } else { body += piece }
        case .end: return handle(.success(body))
        }
      }
      return wait()
    } catch {
      guard phase == .body, error.status == .contentTooLarge else {
        return refuse(error.status, date: date)
      }
      return handle(.failure(.tooLarge))
    }
  }

  /// The deadline of the phase has passed.
  mutating func expire(date: String) -> Step? {
    switch phase {
    case .fresh, .idle: close()
    case .head: refuse(.requestTimeout, date: date)
    case .body: handle(.failure(.incomplete))
    case .working, .ended: nil
    }
  }

  /// The client sends no more, though it may still read. To be called once ``next(date:)`` gives nil.
  mutating func endInput() -> Step? {
    hasInputEnded = true
    return switch phase {
    case .fresh, .idle, .head: close()
    case .body: handle(.failure(.incomplete))
    case .working, .ended: nil
    }
  }

  /// An answer in bytes. The body is not copied: many clients may get the same one.
  struct Answer {
    var head: [UInt8] = []
    var body: [UInt8] = []
    /// Whether the connection ends with it.
    var isLast = true
  }

  /// The handler's answer.
  mutating func answer(_ response: Response, date: String) -> Answer {
    guard phase == .working, let head else { return Answer() }
    self.head = nil
    var answer = Answer(
      isLast: isStopping || hasInputEnded || !isBodyWhole || !head.version.keepsAlive(head.fields))
    if let bytes = Self.write(response, to: head, isLast: answer.isLast, date: date) {
      answer.head = bytes
      if head.method != .head, !response.status.isWithoutBody { answer.body = response.body }
    } else {
      // A handler that made a field of what it was sent: the rest of its answer is not to be trusted either.
      answer.isLast = true
      answer.head = Self.write(Response(.internalServerError), to: head, isLast: true, date: date) ?? []
    }
    phase = answer.isLast ? .ended : reader.isIdle ? .idle : .head
    return answer
  }

  private mutating func begin(_ head: RequestHead) throws(MessageFault) {
    self.head = head
    body = []
    phase = .body
    guard let expectation = head.fields["expect"], head.version == .http11 else { return }
    guard Fields.isSame(expectation, "100-continue") else {
      throw MessageFault(.expectationFailed, "the expectation is not known")
    }
    wantsContinue = true
  }

  private mutating func wait() -> Step? {
    if phase != .body {
      if !reader.isIdle { phase = .head }
      return isStopping && reader.isIdle ? close() : nil
    }
    guard wantsContinue else { return nil }
    wantsContinue = false
    return .send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
  }

  private mutating func handle(_ body: Result<[UInt8], BodyFault>) -> Step {
    guard let head else { return close() }
    phase = .working
    self.body = []
    wantsContinue = false
    if case .failure = body { isBodyWhole = false }
    return .handle(head, body)
  }

  private mutating func refuse(_ status: Status, date: String) -> Step {
    phase = .ended
    let head = head ?? RequestHead(.get, "/")
    return .refuse(Self.write(Response(status), to: head, isLast: true, date: date) ?? [])
  }

  private mutating func close() -> Step {
    phase = .ended
    return .close
  }

  /// The head of an answer. That to HEAD has the length of the body that it does not have.
  /// - Returns: nil where a field cannot be written.
  private static func write(
    _ response: Response, to head: RequestHead, isLast: Bool, date: String
  ) -> [UInt8]? {
    var fields = response.fields
    fields.append("Date", date)
    if isLast {
      fields.append("Connection", "close")
    } else if head.version == .http10 {
      fields.append("Connection", "keep-alive")
    }
    let isWithoutBody = response.status.isWithoutBody
    var writer = MessageWriter()
    do throws(MessageFault) {
      try writer.response(
        ResponseHead(response.status, fields: fields),
        isWithoutBody ? .none : .bytes(response.body.count))
    } catch {
      return nil
    }
    return writer.take()
  }
}
