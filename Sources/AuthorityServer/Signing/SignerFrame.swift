import FoundationEssentials

/// A message between a front and a signer: an order or its answer. On the wire: the length of the rest in 4 bytes, the
/// number of the order in 8 bytes, the kind in one, then each field with its length in 4 bytes, all big-endian.
struct SignerFrame: Hashable, Sendable {
  enum Kind: UInt8, Sendable {
    // Orders.
    /// Fields: the request in PEM, the kind of proof, the proof, the reason of an early renewal, the time and the signature
    /// of a renewal.
    case fill = 1
    /// Without fields.
    case state
    /// Fields: the tag of the list that the front has.
    case list
    /// Fields: a request in PEM, of whose parts only the key is used.
    case server
    // Answers.
    case done = 0x80
    /// Fields: the kind of ``OrderRefusal``, the message, the hint.
    case refused
    /// Fields: the status, the message, the hint, the seconds after which a retry may succeed.
    case failed
  }

  /// The answer has the number of its order.
  let number: UInt64
  let kind: Kind
  let fields: [[UInt8]]

  init(_ number: UInt64, _ kind: Kind, _ fields: [[UInt8]] = []) {
    self.number = number
    self.kind = kind
    self.fields = fields
  }

  init(_ number: UInt64, _ kind: Kind, texts: [String?]) {
    self.init(number, kind, texts.map { Array(($0 ?? "").utf8) })
  }

  /// The text of a field; nil if it is empty or missing, or not UTF-8.
  func text(_ index: Int) -> String? {
    guard fields.indices.contains(index), !fields[index].isEmpty else { return nil }
    return String(validating: fields[index], as: UTF8.self)
  }

  var bytes: [UInt8] {
    let count = 9 + fields.reduce(0) { $0 + 4 + $1.count }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(4 + count)
    bytes += Self.digits(UInt32(truncatingIfNeeded: count))
    bytes += Self.digits(number)
    bytes.append(kind.rawValue)
    for field in fields {
      bytes += Self.digits(UInt32(truncatingIfNeeded: field.count))
      bytes += field
    }
    return bytes
  }

  /// The number of bytes that the length field is long.
  static let headSize = 4

  /// - Returns: the number of bytes that follow; nil if they are more than the limit.
  static func length(_ head: [UInt8], limit: Int) -> Int? {
    let length = head.reduce(0) { $0 << 8 | Int($1) }
    return (9...limit).contains(length) ? length : nil
  }

  /// Reads what follows the length.
  /// - Returns: nil if the bytes are not exactly one message.
  init?(_ bytes: [UInt8]) {
    guard bytes.count >= 9, let kind = Kind(rawValue: bytes[8]) else { return nil }
    number = bytes[..<8].reduce(0) { $0 << 8 | UInt64($1) }
    self.kind = kind
    var fields: [[UInt8]] = []
    var rest = bytes[9...]
    while !rest.isEmpty {
      guard rest.count >= 4 else { return nil }
      let count = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
      rest = rest.dropFirst(4)
      guard rest.count >= count else { return nil }
      fields.append(Array(rest.prefix(count)))
      rest = rest.dropFirst(count)
    }
    self.fields = fields
  }

  private static func digits(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.bigEndian, Array.init)
  }
}
