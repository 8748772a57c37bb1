/// A connection cannot go on: the peer broke the rules of HTTP/2, or there is no memory.
struct SessionError: Error, Hashable, CustomStringConvertible {
  /// nghttp2's words.
  let description: String
}
