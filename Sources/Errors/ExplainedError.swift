/// An error that a person reads.
///
/// `description` is one sentence in lower case without a full stop: what happened, and where. `hint` says what to do.
/// Neither contains key material, tokens or passwords.
package protocol ExplainedError: Error, CustomStringConvertible {
  /// What to do about it; nil if the description says all that is known.
  var hint: String? { get }
}
