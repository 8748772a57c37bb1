/// How the end of a body is found (RFC 9112, section 6.3).
enum Framing: Hashable {
  case none
  case length(Int)
  case chunked
  /// Only of an answer: up to the end of the connection.
  case untilClose

  /// What the fields say. Two lengths, even of the same value, and a length beside a coding are refused: two readers
  /// could find two ends of the message (RFC 9112, section 11.2).
  /// - Returns: nil where they say nothing.
  /// - Throws: ``MessageFault``.
  init?(_ fields: Fields, version: Version) throws(MessageFault) {
    let lengths = fields.all("content-length")
    let codings = fields.all("transfer-encoding")
    guard lengths.count <= 1 else { throw .malformed("there are two lengths") }
    guard codings.isEmpty || lengths.isEmpty else { throw .malformed("there are a length and a coding") }
    if let coding = codings.first {
      guard version == .http11 else { throw .malformed("HTTP/1.0 has no codings") }
      guard codings.count == 1 else { throw .malformed("there are two codings") }
      guard Fields.isSame(coding, "chunked") else {
        throw MessageFault(.notImplemented, "the coding is not known")
      }
      self = .chunked
    } else if let length = lengths.first {
      self = .length(try Self.number(length))
    } else {
      return nil
    }
  }

  /// Digits alone: `Int` would take `+3`.
  private static func number(_ text: String) throws(MessageFault) -> Int {
    guard (1...15).contains(text.utf8.count), text.utf8.allSatisfy(\.isDigit), let number = Int(text) else {
      throw .malformed("the length is not a number")
    }
    return number
  }
}
