/// The connection has to end: the peer violated HTTP/2, or memory is exhausted.
struct SessionError: Error, Hashable, CustomStringConvertible {
  /// nghttp2's words.
  let description: String
}
