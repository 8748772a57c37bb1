/// Bytes that wait to be taken, first in, first out.
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

  /// Lends all bytes.
  package func withBytes<Result, Failure: Error>(
    _ body: (RawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(bytes.span.bytes.extracting(droppingFirst: start))
  }

  /// Forgets the first bytes.
  package mutating func drop(_ taken: Int) {
    start += min(taken, count)
    guard isEmpty else { return }
    start = 0
    // An idle connection keeps no large buffer.
    bytes.removeAll(keepingCapacity: bytes.capacity <= Self.kept)
  }

  /// Takes the first bytes, as many as there are.
  package mutating func take(upTo most: Int) -> [UInt8] {
    defer { drop(most) }
    if start == 0, bytes.count <= most { return bytes }
    return Array(bytes[start..<min(start + most, bytes.count)])
  }

  package mutating func removeAll() {
    bytes = []
    start = 0
  }

  /// Moves what is left to the front once most of the buffer was taken.
  private mutating func makeRoom() {
    guard start > Self.kept, start > bytes.count / 2 else { return }
    bytes.removeFirst(start)
    start = 0
  }

  private static let kept = 64 << 10
}
