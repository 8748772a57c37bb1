/// Reads the fields of a header or a trailer, line by line, up to the empty line.
struct FieldReader {
  private let fieldLimit: Int
  private let countLimit: Int
  private let sizeLimit: Int
  private var size: Int
  private(set) var fields = Fields()

  /// - Parameters:
  ///   - size: bytes of the section that are read already.
  ///   - total: how many bytes it may have.
  init(_ limits: MessageLimits, size: Int, total: Int) {
    fieldLimit = limits.field
    countLimit = limits.fieldCount
    sizeLimit = total
    self.size = size
  }

  /// Reads as many fields as have arrived.
  /// - Returns: whether the empty line was among them.
  mutating func read(_ input: inout InputBuffer) throws(MessageFault) -> Bool {
    while true {
      let limit = min(fieldLimit + 2, sizeLimit - size)
      let tooLarge = MessageFault(.fieldsTooLarge, "the fields are too large")
      guard limit > 0 else { throw tooLarge }
      guard let line = try input.line(limit: limit, tooLong: tooLarge) else { return false }
      size += line.count + 2
      if line.isEmpty { return true }
      guard fields.count < countLimit else {
        throw MessageFault(.fieldsTooLarge, "there are too many fields")
      }
      let (name, value) = try Self.field(line)
      fields.append(name, value)
    }
  }

  /// `NAME:` and a value, with nothing between name and colon. A line that begins with white space, which once went
  /// on with the field before (obs-fold), has no name.
  private static func field(_ line: [UInt8]) throws(MessageFault) -> (String, String) {
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > 0, line[..<colon].allSatisfy(\.isToken)
    else { throw .malformed("a field has no valid name") }
    var value = line[(colon + 1)...]
    while let first = value.first, first == .space || first == .tab { value.removeFirst() }
    while let last = value.last, last == .space || last == .tab { value.removeLast() }
    guard value.allSatisfy(\.isFieldContent) else { throw .malformed("a field holds a control character") }
    return (String(decoding: line[..<colon], as: UTF8.self), String(decoding: value, as: UTF8.self))
  }
}
