/// Why the server cannot run: one sentence, and what to do about it.
public struct AuthorityServerError: Error, Hashable, Sendable, CustomStringConvertible {
  /// One sentence in lower case with no full stop.
  public let message: String
  public let hint: String

  public var description: String { message }

  init(_ message: String, hint: String) {
    self.message = message
    self.hint = hint
  }
}
