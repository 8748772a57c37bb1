import Errors

/// Why a source did not return a certificate, with a hint. Never contains a credential.
package struct SourceError: ExplainedError, Hashable, Sendable {
  package let message: String
  package let hint: String?
  /// Whether a later retry may succeed: the source was unreachable, slow or overloaded, and did not refuse.
  package let isTransient: Bool

  package var description: String { message }

  package init(_ message: String, hint: String? = nil, isTransient: Bool) {
    self.message = message
    self.hint = hint
    self.isTransient = isTransient
  }
}
