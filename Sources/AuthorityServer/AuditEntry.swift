/// One decision of the server, written as one line of the audit log.
public struct AuditEntry: Codable, Hashable, Sendable {
  public enum Decision: String, Codable, Sendable { case issued, renewed, refused }

  public let decision: Decision
  /// The Common Name that was asked for; nil where the request was not understood.
  public let identity: String?
  /// How the client proved who it is: `token`, `service-account`, `certificate`; nil where it did not.
  public let method: String?
  /// The client's address.
  public let client: String
  /// Why it was refused; nil where it was not.
  public let reason: String?
  /// The serial of the certificate issued, in hexadecimal digits.
  public let serial: String?

  public init(
    decision: Decision, identity: String?, method: String?, client: String, reason: String? = nil,
    serial: String? = nil
  ) {
    self.decision = decision
    self.identity = identity
    self.method = method
    self.client = client
    self.reason = reason
    self.serial = serial
  }
}
