/// A queue of bytes: first in, first out.
package struct ByteQueue {
  private var bytes: [UInt8] = []
  private var start = 0

  package init() {}

  package var count: Int { bytes.count - start }
  package var isEmpty: Bool { start == bytes.count }

  package mutating func append(_ new: [UInt8]) {
    if isEmpty {
      bytes = new
      start = 0
    } else {
      makeRoom()
      bytes += new
    }
  }

  package mutating func append(_ new: RawSpan) {
    makeRoom()
    new.withUnsafeBytes { bytes.append(contentsOf: $0) }
  }

  /// Calls a closure with all bytes, which are only valid during the call.
  package func withBytes<Result, Failure: Error>(
    _ body: (RawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(bytes.span.bytes.extracting(droppingFirst: start))
  }

  /// Removes the first bytes.
  package mutating func drop(_ taken: Int) {
    start += min(taken, count)
    guard isEmpty else { return }
    start = 0
    // An idle connection keeps no large buffer.
    bytes.removeAll(keepingCapacity: bytes.capacity <= Self.kept)
  }

  /// Removes and returns the first bytes, at most as many as the queue has.
  package mutating func take(upTo most: Int) -> [UInt8] {
    defer { drop(most) }
    if start == 0, bytes.count <= most { return bytes }
    return Array(bytes[start..<min(start + most, bytes.count)])
  }

  package mutating func removeAll() {
    bytes = []
    start = 0
  }

  /// Moves the rest to the front when most of the buffer has been removed.
  private mutating func makeRoom() {
    guard start > Self.kept, start > bytes.count / 2 else { return }
    bytes.removeFirst(start)
    start = 0
  }

  private static let kept = 64 << 10
}
