import Foundation

/// One decision of the server, written as one line of the audit log.
package struct AuditEntry: Codable, Hashable, Sendable {
  package enum Decision: String, Codable, Sendable { case issued, renewed, refused }

  package let time: Date
  package let decision: Decision
  /// The Common Name that was asked for; nil where the request was not understood.
  package let identity: String?
  /// The node that the certificate is for; nil where it is for none or was refused.
  package let node: String?
  /// How the client wanted to prove who it is: `token`, `service-account`, `certificate`; nil where it did not.
  package let method: String?
  /// What it showed: a join token's id, a service account's name, a certificate's serial; never a secret.
  package let proof: String?
  /// The client's address.
  package let client: String
  /// Why it was refused; nil where it was not.
  package let reason: String?
  /// The serial of the certificate issued, in hexadecimal digits.
  package let serial: String?

  package init(
    time: Date, decision: Decision, identity: String?, node: String? = nil, method: String?,
    proof: String? = nil, client: String, reason: String? = nil, serial: String? = nil
  ) {
    self.time = time
    self.decision = decision
    self.identity = identity
    self.node = node
    self.method = method
    self.proof = proof
    self.client = client
    self.reason = reason
    self.serial = serial
  }
}
