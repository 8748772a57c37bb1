import Text

/// Reads a body out of the bytes of a connection, in pieces.
struct BodyReader {
  enum Step: Hashable {
    case more
    case piece([UInt8])
    /// The fields after a chunked body.
    case end(Fields)
  }

  private enum State {
    case rest(Int)
    case untilClose
    case chunkLine
    case chunk(Int)
    case chunkEnd
    case trailer(FieldReader)
    case done
    case tooLarge
  }

  private let limits: MessageLimits
  private var state: State
  private var size = 0

  init(_ framing: Framing, limits: MessageLimits) {
    self.limits = limits
    switch framing {
    case .none: state = .rest(0)
    case .length(let length): state = length <= limits.body ? .rest(length) : .tooLarge
    case .chunked: state = .chunkLine
    case .untilClose: state = .untilClose
    }
  }

  private static let tooLarge = MessageFault(.contentTooLarge, "the body is too large")

  /// Whether it is known from the beginning to have nothing.
  var isEmpty: Bool { if case .rest(0) = state { true } else { false } }

  /// The next piece, if it has arrived.
  /// - Throws: ``MessageFault``, with the status 413 for one over the limit.
  mutating func next(_ input: inout InputBuffer) throws(MessageFault) -> Step {
    while true {
      switch state {
      case .rest(0):
        state = .done
        return .end(Fields())
      case .rest(let rest):
        let piece = input.take(atMost: rest)
        state = .rest(rest - piece.count)
        return piece.isEmpty ? .more : .piece(piece)
      case .untilClose:
        let piece = input.take(atMost: limits.body - size + 1)
        size += piece.count
        guard size <= limits.body else { throw Self.tooLarge }
        return piece.isEmpty ? .more : .piece(piece)
      case .chunkLine:
        let tooLong = MessageFault.malformed("the line before a chunk is too long")
        guard let line = try input.line(limit: limits.chunkLine, tooLong: tooLong) else { return .more }
        let count = try Self.chunkSize(line)
        if count == 0 {
          state = .trailer(FieldReader(limits, size: 0, total: limits.trailers))
        } else {
          guard count <= limits.body - size else { throw Self.tooLarge }
          size += count
          state = .chunk(count)
        }
      case .chunk(0): state = .chunkEnd
      case .chunk(let rest):
        let piece = input.take(atMost: rest)
        guard !piece.isEmpty else { return .more }
        state = .chunk(rest - piece.count)
        return .piece(piece)
      case .chunkEnd:
        let tooLong = MessageFault.malformed("a chunk does not end where it should")
        guard let line = try input.line(limit: 2, tooLong: tooLong) else { return .more }
        guard line.isEmpty else { throw tooLong }
        state = .chunkLine
      case .trailer(var reader):
        let isWhole = try reader.read(&input)
        state = isWhole ? .done : .trailer(reader)
        return isWhole ? .end(reader.fields) : .more
      case .done: return .end(Fields())
      case .tooLarge: throw Self.tooLarge
      }
    }
  }

  /// The connection ended here.
  /// - Throws: ``MessageFault`` where the body was not whole.
  func close() throws(MessageFault) {
    switch state {
    case .untilClose, .done, .rest(0): return
    default: throw .malformed("the connection ended in the middle of a body")
    }
  }

  /// Hexadecimal digits, and perhaps extensions, which mean nothing here (RFC 9112, section 7.1.1).
  private static func chunkSize(_ line: [UInt8]) throws(MessageFault) -> Int {
    let digits = line.prefix { $0.hexadecimalValue != nil }
    let rest = line.dropFirst(digits.count)
    guard (1...8).contains(digits.count), rest.allSatisfy(\.isFieldContent),
      rest.isEmpty || rest.drop(while: { $0 == .space || $0 == .tab }).first == UInt8(ascii: ";")
    else { throw .malformed("the size of a chunk is not a number") }
    return digits.reduce(0) { $0 << 4 | Int($1.hexadecimalValue ?? 0) }
  }
}
