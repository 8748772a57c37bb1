/// Finds requests in the bytes that a server receives over one connection. It does no input or output.
///
/// It reads RFC 9112 strictly: whatever two readers could understand differently is refused. After a fault nothing
/// more can be read: the connection is to be closed.
package struct RequestReader: Sendable {
  private enum State {
    case line
    case fields(RequestHead, FieldReader)
    case body(BodyReader)
  }

  private let limits: MessageLimits
  private var input = InputBuffer()
  private var state = State.line
  private var isAfterEmptyLine = false

  package init(_ limits: MessageLimits) { self.limits = limits }

  /// Whether nothing of a request has arrived since the last one ended.
  package var isIdle: Bool {
    if case .line = state { input.isEmpty } else { false }
  }

  /// Takes bytes that have arrived.
  package mutating func receive(_ bytes: RawSpan) { input.append(bytes) }

  /// The next event; nil until more bytes arrive.
  package mutating func next() throws(MessageFault) -> MessageEvent<RequestHead>? {
    while true {
      switch state {
      case .line:
        let tooLong = MessageFault(.targetTooLong, "the request line is too long")
        guard let line = try input.line(limit: limits.startLine, tooLong: tooLong) else { return nil }
        // One empty line may stand before a request (RFC 9112, section 2.2).
        if line.isEmpty, !isAfterEmptyLine {
          isAfterEmptyLine = true
          continue
        }
        isAfterEmptyLine = false
        let head = try RequestLine.read(line)
        state = .fields(head, FieldReader(limits, size: line.count + 2, total: limits.head))
      case .fields(var head, var reader):
        let isWhole = try reader.read(&input)
        guard isWhole else {
          state = .fields(head, reader)
          return nil
        }
        head.fields = reader.fields
        try RequestLine.checkHost(&head)
        let framing = try Framing(head.fields, version: head.version) ?? .none
        state = .body(BodyReader(framing, limits: limits))
        return .head(head)
      case .body(var reader):
        let step = try reader.next(&input)
        state = .body(reader)
        switch step {
        case .more: return nil
        case .piece(let piece): return .body(piece)
        case .end(let trailers):
          state = .line
          return .end(trailers)
        }
      }
    }
  }

  /// Whether bytes have arrived that are not read yet.
  package var hasUnread: Bool { !input.isEmpty }
}
