/// Bytes that have arrived and are not read yet.
struct InputBuffer {
  private var bytes: [UInt8] = []
  /// Where the unread bytes begin.
  private var start = 0
  /// How many of the unread bytes are known to hold no end of a line.
  private var scanned = 0

  var count: Int { bytes.count - start }
  var isEmpty: Bool { count == 0 }

  mutating func append(_ new: RawSpan) {
    if start > 0, start == bytes.count { removeRead() }
    new.withUnsafeBytes { bytes.append(contentsOf: $0) }
  }

  /// Takes the next line without its end.
  /// - Parameters:
  ///   - limit: how long it may be, with its end.
  ///   - tooLong: thrown as soon as it is longer.
  /// - Returns: nil where its end has not arrived.
  /// - Throws: a ``MessageFault``, also for a line that ends with a line feed alone or holds a carriage return.
  mutating func line(limit: Int, tooLong: MessageFault) throws(MessageFault) -> [UInt8]? {
    let available = min(count, limit)
    guard let end = bytes[(start + scanned)..<(start + available)].firstIndex(of: .lineFeed) else {
      scanned = available
      guard count < limit else { throw tooLong }
      return nil
    }
    guard end > start, bytes[end - 1] == .carriageReturn else {
      throw .malformed("a line ends with a line feed alone")
    }
    let line = Array(bytes[start..<(end - 1)])
    guard !line.contains(.carriageReturn) else { throw .malformed("a line holds a carriage return") }
    skip(end + 1 - start)
    return line
  }

  /// Removes and returns up to `limit` bytes.
  mutating func take(atMost limit: Int) -> [UInt8] {
    let count = min(limit, count)
    let taken = Array(bytes[start..<(start + count)])
    skip(count)
    return taken
  }

  private mutating func skip(_ count: Int) {
    start += count
    scanned = 0
    if start == bytes.count || start > 64 << 10 { removeRead() }
  }

  private mutating func removeRead() {
    bytes.removeFirst(start)
    start = 0
  }
}
