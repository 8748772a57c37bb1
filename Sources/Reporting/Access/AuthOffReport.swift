import Text

/// What `verify` finds where authentication is off at a member: no question is asked, because every client may do
/// everything there.
package struct AuthOffReport: TextReport, Encodable, Sendable {
  let cluster: String
  /// Always false.
  let isInForce = false
  /// Which members were asked: `3 of 3 members`.
  let asked: String
  /// The members at which authentication is off.
  let authOff: [String]

  package init(cluster: String, asked: String, authOff: [String]) {
    self.cluster = cluster
    self.asked = asked
    self.authOff = authOff
  }

  package func text(_ style: Style) -> String {
    "\(cluster): \(style.bad("authentication is off at \(visible(authOff.joined(separator: ", ")))")): every client may do everything; \(visible(asked))"
  }
}
