/// Why a certificate is renewed before a third of its lifetime has passed.
package enum RenewalReason: String, CaseIterable, Sendable {
  /// Another program may know the key.
  case keyCompromise = "key-compromise"
  /// A roll-over has replaced the authority.
  case newAuthority = "new-authority"
  /// An operator wants it.
  case requested
}
