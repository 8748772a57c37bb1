import Errors

/// Why a server or a signer cannot start or go on, with a hint for its operator. No client gets it: why a request is
/// refused is a ``Refusal``, an `OrderRefusal` or a `CertificatesError`.
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
