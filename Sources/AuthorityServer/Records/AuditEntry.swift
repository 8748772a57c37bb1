import FoundationEssentials

/// A decision of the server: one line of the audit log.
package struct AuditEntry: Codable, Hashable, Sendable {
  package enum Decision: String, Codable, Sendable { case issued, renewed, refused }

  package let time: Date
  package let decision: Decision
  /// The requested Common Name; nil if the request was not understood.
  package let identity: String?
  /// The node of the certificate; nil if it has none or was refused.
  package let node: String?
  /// The kind of proof: `token`, `service-account`, `certificate`; nil without one.
  package let method: String?
  /// The proof: the id of a join token, the name of a service account, the serial of a certificate; never a
  /// secret.
  package let proof: String?
  /// The client's address.
  package let client: String
  /// The reason of a refusal; nil if the request was not refused.
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
