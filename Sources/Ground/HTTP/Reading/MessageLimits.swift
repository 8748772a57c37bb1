/// How large the parts of a message may be, in bytes. What is larger is refused before it is stored.
package struct MessageLimits: Hashable, Sendable {
  /// The request line or the status line.
  package var startLine: Int
  /// One field with its name.
  package var field: Int
  /// The number of fields in a header.
  package var fieldCount: Int
  /// The whole header with its start line.
  package var head: Int
  /// The body, without what chunked coding adds.
  package var body: Int
  /// The line before a chunk: its size and its extensions.
  package var chunkLine: Int
  /// All fields after a chunked body.
  package var trailers: Int

  package init(
    startLine: Int = 8 << 10, field: Int = 16 << 10, fieldCount: Int = 64, head: Int = 32 << 10,
    body: Int = 64 << 10, chunkLine: Int = 256, trailers: Int = 4 << 10
  ) {
    self.startLine = startLine
    self.field = field
    self.fieldCount = fieldCount
    self.head = head
    self.body = body
    self.chunkLine = chunkLine
    self.trailers = trailers
  }
}
