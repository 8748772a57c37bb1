import Errors

/// Why the server cannot run, with a hint.
package struct AuthorityServerError: ExplainedError, Hashable, Sendable {
  /// One sentence in lower case without a full stop.
  package let message: String
  package let hint: String?

  package var description: String { message }

  init(_ message: String, hint: String) {
    self.message = message
    self.hint = hint
  }
}
