import Text

/// One call on one stream of one connection: what is still to be sent, what has come, and how it ends.
///
/// It does no IO and keeps no time. ``ClientSession`` feeds it, and reports to its owner through the closures, once
/// each: inside them the session must not be asked to send or to receive.
final class CallExchange {
  /// What the server sends in answer.
  enum Answer {
    /// One message, which is handed out at the end.
    case one
    /// Any number of messages, each handed out when it has come.
    case many((_ message: [UInt8]) -> Void)
  }

  let path: String
  let metadata: [(name: String, value: String)]
  /// For the header `grpc-timeout`.
  let timeout: Duration?
  private var answer: Answer
  private var finish: ((Result<[UInt8], GRPCError>) -> Void)?

  // MARK: what is sent
  private(set) var outgoing: [UInt8]
  private(set) var sent = 0
  private(set) var isOutgoingComplete: Bool
  /// nghttp2 was told that there is nothing to send for now, and asks no more until it is told otherwise.
  var isDeferred = false
  /// The request's headers have been put into bytes, so the server may have seen them.
  var isOnItsWay = false
  var stream: Int32?

  // MARK: what has come
  private var reader: MessageReader
  private var message: [UInt8]?
  private var httpStatus = 0
  private var contentType = ""
  private var status: GRPCStatus?
  /// The status as a number, of those that this client does not know too.
  private var statusNumber: Int?
  private var statusMessage = ""
  private var violation: GRPCError?

  // MARK: back-pressure of a stream
  /// Whether a caller waits for the next message. Then bytes are read as they arrive: a message may be larger than the
  /// stream's window.
  private var isHungry = false
  /// Bytes that have come and that the server may not replace by others yet.
  private var held = 0

  /// - Parameters:
  ///   - framed: The first messages, framed.
  ///   - isComplete: No other message follows.
  ///   - limit: Bytes that a message of the server may have.
  ///   - finish: With the message of ``Answer/one``, and with nothing of ``Answer/many(_:)``.
  init(
    _ request: GRPCRequest, framed: [UInt8], isComplete: Bool, answer: Answer, limit: Int,
    finish: @escaping (Result<[UInt8], GRPCError>) -> Void
  ) {
    (path, metadata, timeout) = (request.path, request.metadata, request.timeout)
    (outgoing, isOutgoingComplete) = (framed, isComplete)
    self.answer = answer
    self.finish = finish
    reader = MessageReader(limit: limit)
  }

  var isOver: Bool { finish == nil }

  // MARK: - sending

  /// Adds to what is to be sent.
  func send(_ framed: [UInt8], isLast: Bool) {
    if sent == outgoing.count { (outgoing, sent) = ([], 0) }
    outgoing += framed
    isOutgoingComplete = isOutgoingComplete || isLast
  }

  /// Bytes that the peer's windows and frames have had no room for yet.
  var unsent: Int { outgoing.count - sent }

  /// Copies the next bytes that are to be sent.
  func copyOutgoing(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    let count = min(buffer.count, unsent)
    guard count > 0 else { return 0 }
    outgoing.withUnsafeBytes { bytes in
      buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[sent..<sent + count]))
    }
    sent += count
    return count
  }

  // MARK: - receiving

  func received(header name: some Collection<UInt8>, value: some Collection<UInt8>) {
    func isName(_ text: StaticString) -> Bool {
      text.withUTF8Buffer { $0.elementsEqual(name) }
    }
    if isName(":status") {
      httpStatus = number(value) ?? 0
    } else if isName("content-type") {
      contentType = String(decoding: value, as: UTF8.self)
    } else if isName("grpc-status") {
      // A number that this client does not know stands for an error all the same.
      statusNumber = number(value)
      status = statusNumber.flatMap(GRPCStatus.init(rawValue:)) ?? .unknown
    } else if isName("grpc-message") {
      // Percent-encoded (grpc, `doc/PROTOCOL-HTTP2.md`).
      statusMessage = PercentEncoding.decode(value)
    }
  }

  private func number(_ digits: some Collection<UInt8>) -> Int? {
    Int(String(decoding: digits, as: UTF8.self))
  }

  /// - Returns: How many bytes the server may replace by others at once; nil if the stream has to be given up.
  func received(_ bytes: UnsafeRawBufferPointer) -> Int? {
    // What another server than one of gRPC says, such as a proxy's page about an error.
    guard isOfGRPC else { return bytes.count }
    do throws(MessageReader.Fault) {
      for message in try reader.read(bytes) {
        switch answer {
        case .many(let deliver):
          isHungry = false
          deliver(message)
        case .one:
          guard self.message == nil else {
            violation = Self.violation("the server sent more than one message")
            return nil
          }
          self.message = message
        }
      }
    } catch {
      violation =
        switch error {
        case .compressed: Self.violation("the server sent a compressed message")
        case .tooLarge(let length):
          GRPCError(
            .resourceExhausted, "the server sent a message of \(length) bytes", processing: .maybe)
        }
      return nil
    }
    guard case .many = answer, !isHungry else { return bytes.count }
    held += bytes.count
    return 0
  }

  /// A caller waits for the next message, and none has arrived.
  /// - Returns: How many bytes the server may now replace by others.
  func waitsForMessage() -> Int {
    isHungry = true
    defer { held = 0 }
    return held
  }

  /// A caller has taken a message.
  /// - Returns: How many bytes the server may now replace by others.
  func taken(messageOf count: Int) -> Int {
    let released = min(held, count + MessageFraming.prefixLength)
    held -= released
    return released
  }

  // MARK: - the end

  /// The stream is closed.
  /// - Parameters:
  ///   - code: Of HTTP/2 (RFC 9113, section 7): 0 if the server closed it after its last words.
  ///   - words: The code's name.
  func closed(code: UInt32, words: String) {
    end(outcome(code: code, words: words))
  }

  /// Ends the call, whatever the stream does.
  func end(_ result: Result<[UInt8], GRPCError>) {
    finish?(result)
    finish = nil
    // Its closure may hold the owner of this exchange.
    answer = .one
  }

  private func outcome(code: UInt32, words: String) -> Result<[UInt8], GRPCError> {
    if let violation { return .failure(violation) }
    if let status, status != .ok {
      return .failure(
        GRPCError(status, statusMessage.isEmpty ? wordless(status) : statusMessage, processing: .answered))
    }
    guard code == 0 || status == .ok else { return .failure(reset(code, words)) }
    guard status == .ok, isOfGRPC else { return .failure(withoutStatus) }
    guard reader.isBetweenMessages else { return .failure(Self.violation("the server's message is cut off")) }
    guard case .one = answer else { return .success([]) }
    guard let message else { return .failure(Self.violation("the server sent no message")) }
    return .success(message)
  }

  private func reset(_ code: UInt32, _ words: String) -> GRPCError {
    // REFUSED_STREAM: not processed; the same holds for streams after the last one of a GOAWAY (RFC 9113, section 8.7).
    let isRefused = code == 7 || !isOnItsWay
    return GRPCError(
      .unavailable,
      isRefused ? "the server did not take the call" : "the server broke off the call: \(words)",
      processing: isRefused ? .surelyNot : .maybe)
  }

  private var isGRPC: Bool { contentType.hasPrefix("application/grpc") }
  private var isOfGRPC: Bool { httpStatus == 200 && isGRPC }

  /// For a status that comes without words.
  private func wordless(_ status: GRPCStatus) -> String {
    guard let statusNumber else { return "the server answered with a gRPC status that is not a number" }
    let name = statusNumber == status.rawValue ? status.name : "unknown"
    return "the server answered with the gRPC status \(statusNumber) (\(name)) and no message"
  }

  private var withoutStatus: GRPCError {
    switch httpStatus {
    case 0: GRPCError(.unavailable, "the server closed the call without an answer", processing: .maybe)
    // A server that is stopped in mid-call ends its streams in order, but with no status.
    case 200 where status == nil && (contentType.isEmpty || isGRPC):
      GRPCError(.unavailable, "the server ended the call without a status", processing: .maybe)
    case 200: Self.violation("the server's answer is not gRPC")
    default:
      GRPCError(
        GRPCStatus(http: httpStatus), "the server answered HTTP \(httpStatus) and not gRPC",
        processing: .maybe)
    }
  }

  private static func violation(_ words: String) -> GRPCError {
    GRPCError(.internal, words, processing: .maybe)
  }
}
