import Errors

/// Why a certificate, a key, a request or an authority cannot be made or used, with a hint. Never contains key material. A
/// server answers it to the client: it is about what the client sent.
package struct CertificatesError: ExplainedError, Hashable, Sendable {
  /// One sentence in lower case without a full stop.
  package let message: String
  package let hint: String?

  package var description: String { message }

  /// - Parameter message: one sentence in lower case without a full stop.
  package init(_ message: String, hint: String) {
    self.message = message
    self.hint = hint
  }
}
