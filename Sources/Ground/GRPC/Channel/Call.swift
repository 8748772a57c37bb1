/// One call as its caller sees it: it may take several tries, on one connection after the other, as long as the server
/// surely did not process it.
final class Call {
  let request: GRPCRequest
  /// The deadline of the call.
  let deadline: ContinuousClock.Instant?
  /// What was to be sent when it was started, framed.
  private var framed: [UInt8]
  private var isComplete: Bool
  private let answer: CallExchange.Answer
  /// Who is told the end, from the start on.
  private var finish: ((Result<[UInt8], GRPCError>) -> Void)?
  private(set) var isOver = false

  private(set) var tries = 0
  /// The current try, once there is a connection for it.
  private(set) var exchange: CallExchange?
  weak var link: Link?
  /// Whether the caller waited for a message before there was a try.
  var isWaitedFor = false

  init(
    _ request: GRPCRequest, framed: [UInt8], isComplete: Bool, answer: CallExchange.Answer,
    deadline: ContinuousClock.Instant?
  ) {
    self.request = request
    (self.framed, self.isComplete, self.answer) = (framed, isComplete, answer)
    self.deadline = deadline
  }

  /// - Parameter finish: Is told the end once: at once if the call was cancelled before it began.
  func begin(_ finish: @escaping (Result<[UInt8], GRPCError>) -> Void) {
    guard !isOver else {
      return finish(.failure(GRPCError(.cancelled, "cancelled", processing: .surelyNot)))
    }
    self.finish = finish
  }

  /// A stream's messages may have been handed out, so it is not tried again.
  var mayBeTriedAgain: Bool {
    guard case .one = answer else { return false }
    return tries < 4
  }

  /// - Parameters:
  ///   - remaining: The remaining time until the deadline; nil for no deadline.
  ///   - ended: The try's end.
  func nextTry(
    limit: Int, remaining: Duration?, ended: @escaping (Result<[UInt8], GRPCError>) -> Void
  ) -> CallExchange {
    tries += 1
    var request = request
    request.timeout = remaining
    let exchange = CallExchange(
      request, framed: framed, isComplete: isComplete, answer: answer, limit: limit, finish: ended)
    if isWaitedFor { _ = exchange.waitsForMessage() }
    self.exchange = exchange
    return exchange
  }

  /// Adds to what is to be sent.
  func send(_ framed: [UInt8], isLast: Bool) {
    guard let exchange else {
      self.framed += framed
      isComplete = isComplete || isLast
      return
    }
    exchange.send(framed, isLast: isLast)
  }

  /// Tells the caller, once.
  func end(_ result: Result<[UInt8], GRPCError>) {
    isOver = true
    exchange = nil
    finish?(result)
    finish = nil
  }
}
