import Errors

/// Why a name is refused.
package struct NameError: ExplainedError, Hashable {
  package let message: String
  /// What to do about it.
  package let advice: String
  package var hint: String? { advice }

  init(_ message: String, hint: String) {
    self.message = message
    self.advice = hint
  }

  package var description: String { message }
}
