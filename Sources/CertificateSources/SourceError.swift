/// Why a source gave no certificate: one sentence, and what to do about it. Never holds a credential.
package struct SourceError: Error, Hashable, Sendable, CustomStringConvertible {
  package let message: String
  package let hint: String?
  /// Whether asking again later may help: the source was away, slow or overloaded, and did not refuse.
  package let isTransient: Bool

  package var description: String { message }

  package init(_ message: String, hint: String? = nil, isTransient: Bool) {
    self.message = message
    self.hint = hint
    self.isTransient = isTransient
  }
}
