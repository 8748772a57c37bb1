/// What a node asks an authority server for: a certificate for a key that never leaves the node.
///
/// Sent as JSON to ``path`` with `Authorization: Bearer` and a join token or a Kubernetes service-account token, or to
/// ``renewalPath`` over TLS with the certificate that is to be renewed.
package struct EnrolmentRequest: Codable, Hashable, Sendable {
  package static let path = "/v1/enroll"
  package static let renewalPath = "/v1/renew"

  /// A certificate request (RFC 2986) in PEM. Its Common Name is the identity; nothing else is taken from it.
  package let csr: String

  package init(csr: String) { self.csr = csr }
}

/// What the authority server answers with status 200.
package struct EnrolmentResponse: Codable, Hashable, Sendable {
  /// The certificate in PEM, with those of intermediate authorities after it.
  package let certificate: String
  /// The authorities of etcd's server certificates in PEM: what the client trusts.
  package let etcdCA: String

  package init(certificate: String, etcdCA: String) {
    self.certificate = certificate
    self.etcdCA = etcdCA
  }
}

/// What the authority server answers with every other status.
package struct EnrolmentRefusal: Codable, Hashable, Sendable {
  /// One sentence in lower case with no full stop.
  package let error: String
  package let hint: String?

  package init(error: String, hint: String? = nil) {
    self.error = error
    self.hint = hint
  }
}
