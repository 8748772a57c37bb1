/// What a node asks an authority server for: a certificate for a key that never leaves the node.
///
/// Sent as JSON to ``path`` with `Authorization: Bearer` and a join token or a Kubernetes service-account token, or to
/// ``renewalPath`` over TLS with the certificate that is to be renewed.
public struct EnrolmentRequest: Codable, Hashable, Sendable {
  public static let path = "/v1/enroll"
  public static let renewalPath = "/v1/renew"

  /// A certificate request (RFC 2986) in PEM. Its Common Name is the identity; nothing else is taken from it.
  public let csr: String

  public init(csr: String) { self.csr = csr }
}

/// What the authority server answers with status 200.
public struct EnrolmentResponse: Codable, Hashable, Sendable {
  /// The certificate in PEM, with those of intermediate authorities after it.
  public let certificate: String
  /// The authorities of etcd's server certificates in PEM: what the client trusts.
  public let etcdCA: String

  public init(certificate: String, etcdCA: String) {
    self.certificate = certificate
    self.etcdCA = etcdCA
  }
}

/// What the authority server answers with every other status.
public struct EnrolmentRefusal: Codable, Hashable, Sendable {
  /// One sentence in lower case with no full stop.
  public let error: String
  public let hint: String?

  public init(error: String, hint: String? = nil) {
    self.error = error
    self.hint = hint
  }
}
