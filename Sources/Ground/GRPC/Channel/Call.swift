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
  /// The current try, and its connection; nil while the call waits for one.
  private(set) var exchange: CallExchange?
  private(set) weak var link: Link?
  /// How many signs of life the connection had given when the current try began.
  private var signsBefore = 0
  /// An earlier try may have been processed.
  private(set) var isInDoubt = false
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

  /// - Parameter isLost: Whether the connection of the try has ended.
  func mayBeTriedAgain(after error: GRPCError, isLost: Bool) -> Bool {
    // A stream's messages may have been handed out.
    guard case .one = answer, tries < 4 else { return false }
    return switch error.processing {
    case .surelyNot: true
    case .maybe: request.isRepeatable && isLost && !isInDoubt
    case .answered: false
    }
  }

  /// The current try is over, and another one follows.
  func leaveTry(isInDoubt: Bool) {
    (exchange, link) = (nil, nil)
    self.isInDoubt = self.isInDoubt || isInDoubt
  }

  /// The connection of the current try, if it has given no sign of life since the try began.
  var silentLink: Link? {
    guard exchange != nil, let link, link.signs == signsBefore else { return nil }
    return link
  }

  /// What the server may have done with the call if it is given up now.
  var processing: GRPCError.Processing {
    isInDoubt || exchange?.isOnItsWay == true ? .maybe : .surelyNot
  }

  /// - Parameters:
  ///   - remaining: The remaining time until the deadline; nil for no deadline.
  ///   - ended: The try's end.
  func nextTry(
    on link: Link, limit: Int, remaining: Duration?,
    ended: @escaping (Result<[UInt8], GRPCError>) -> Void
  ) -> CallExchange {
    tries += 1
    (self.link, signsBefore) = (link, link.signs)
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
    finish?(
      result.mapError { error in
        var error = error
        if isInDoubt, error.processing == .surelyNot { error.processing = .maybe }
        return error
      })
    finish = nil
  }
}
