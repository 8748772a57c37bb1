/// Messages in a stream of bytes: each with a byte that says whether it is compressed and four bytes of length before
/// it (grpc, `doc/PROTOCOL-HTTP2.md`, "Length-Prefixed-Message").
enum MessageFraming {
  static let prefixLength = 5

  static func frame(_ message: [UInt8]) -> [UInt8] {
    var framed: [UInt8] = []
    framed.reserveCapacity(prefixLength + message.count)
    framed.append(0)
    let length = UInt32(message.count)
    for shift in [24, 16, 8, 0] as [UInt32] { framed.append(UInt8(truncatingIfNeeded: length >> shift)) }
    framed += message
    return framed
  }
}

/// Puts the messages of one stream together from the pieces in which they arrive.
struct MessageReader {
  enum Fault: Error, Hashable {
    /// A message is compressed, which this client does not offer to take.
    case compressed
    /// A message has more bytes than may be received.
    case tooLarge(UInt32)
  }

  private let limit: Int
  private var prefix: [UInt8] = []
  private var message: [UInt8] = []
  private var length: Int?

  init(limit: Int) { self.limit = limit }

  /// Whether the last piece ended with a message.
  var isBetweenMessages: Bool { prefix.isEmpty }

  /// - Returns: The messages that this piece completes.
  mutating func read(_ piece: UnsafeRawBufferPointer) throws(Fault) -> [[UInt8]] {
    var messages: [[UInt8]] = []
    var rest = piece[...]
    while true {
      if length == nil {
        let missing = rest.prefix(MessageFraming.prefixLength - prefix.count)
        prefix += missing
        rest = rest.dropFirst(missing.count)
        guard prefix.count == MessageFraming.prefixLength else { return messages }
        length = try lengthOfPrefix()
      }
      guard let length else { return messages }
      let missing = rest.prefix(length - message.count)
      message += missing
      rest = rest.dropFirst(missing.count)
      guard message.count == length else { return messages }
      messages.append(message)
      (message, self.length) = ([], nil)
      prefix.removeAll(keepingCapacity: true)
    }
  }

  private mutating func lengthOfPrefix() throws(Fault) -> Int {
    guard prefix[0] == 0 else { throw .compressed }
    let length = prefix[1...].reduce(0) { $0 << 8 | UInt32($1) }
    guard length <= limit else { throw .tooLarge(length) }
    // Not more than a few megabytes on the server's word alone.
    message.reserveCapacity(min(Int(length), 16 << 20))
    return Int(length)
  }
}
