/// Finds the answer to one request in the bytes that a client receives. It does no input or output.
///
/// Interim answers such as 100 are passed over. An answer whose end is only the end of the connection is taken:
/// ``close()`` says whether it was whole.
package struct ResponseReader: Sendable {
  private enum State {
    case line
    case fields(ResponseHead, FieldReader)
    case body(BodyReader)
  }

  /// Interim answers before the final one.
  private static let mostInterim = 16

  private let method: Method
  private let limits: MessageLimits
  private var input = InputBuffer()
  private var state = State.line
  private var interim = 0

  /// - Parameter method: of the request: the answer to HEAD has no body.
  package init(to method: Method, _ limits: MessageLimits) {
    self.method = method
    self.limits = limits
  }

  /// Whether nothing has arrived.
  package var isUntouched: Bool {
    if case .line = state { interim == 0 && input.isEmpty } else { false }
  }

  /// Whether bytes have arrived that are not read yet: after the end there should be none.
  package var hasUnread: Bool { !input.isEmpty }

  /// Takes bytes that have arrived.
  package mutating func receive(_ bytes: RawSpan) { input.append(bytes) }

  /// The next event; nil until more bytes arrive.
  package mutating func next() throws(MessageFault) -> MessageEvent<ResponseHead>? {
    while true {
      switch state {
      case .line:
        let tooLong = MessageFault.malformed("the status line is too long")
        guard let line = try input.line(limit: limits.startLine, tooLong: tooLong) else { return nil }
        state = .fields(
          try Self.statusLine(line), FieldReader(limits, size: line.count + 2, total: limits.head))
      case .fields(var head, var reader):
        let isWhole = try reader.read(&input)
        guard isWhole else {
          state = .fields(head, reader)
          return nil
        }
        head.fields = reader.fields
        if head.status.code < 200 {
          interim += 1
          guard head.status.code != 101, interim <= Self.mostInterim else {
            throw .malformed("the interim answers do not end")
          }
          state = .line
          continue
        }
        state = .body(BodyReader(try framing(head), limits: limits))
        return .head(head)
      case .body(var reader):
        let step = try reader.next(&input)
        state = .body(reader)
        switch step {
        case .more: return nil
        case .piece(let piece): return .body(piece)
        case .end(let trailers): return .end(trailers)
        }
      }
    }
  }

  /// The connection has ended, and with it an answer that has no other end. To be called once ``next()`` gives nil.
  /// - Throws: ``MessageFault`` where the answer was not whole.
  package func close() throws(MessageFault) {
    guard case .body(let reader) = state else { throw .malformed("the connection ended before an answer") }
    try reader.close()
  }

  private func framing(_ head: ResponseHead) throws(MessageFault) -> Framing {
    let said = try Framing(head.fields, version: head.version)
    if method == .head || head.status.isWithoutBody { return .none }
    return said ?? .untilClose
  }

  /// `HTTP/1.1 200 OK`; the words may be missing, and the space before them.
  private static func statusLine(_ line: [UInt8]) throws(MessageFault) -> ResponseHead {
    let version = try Version(line.prefix(8))
    let digits = line.dropFirst(9).prefix(3)
    let rest = line.dropFirst(12)
    guard line.count >= 12, line[8] == .space, digits.allSatisfy(\.isDigit),
      digits.first != UInt8(ascii: "0"),
      rest.isEmpty || rest.first == .space, rest.allSatisfy(\.isFieldContent),
      let code = Int(String(decoding: digits, as: UTF8.self))
    else { throw .malformed("the first line is not of HTTP") }
    var head = ResponseHead(Status(code))
    head.version = version
    return head
  }
}
