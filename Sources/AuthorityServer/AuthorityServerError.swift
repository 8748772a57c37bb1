/// Why the server cannot run: one sentence, and what to do about it.
package struct AuthorityServerError: Error, Hashable, Sendable, CustomStringConvertible {
  /// One sentence in lower case with no full stop.
  package let message: String
  package let hint: String

  package var description: String { message }

  init(_ message: String, hint: String) {
    self.message = message
    self.hint = hint
  }
}
