/// A node's request to an authority server: a certificate for a key that never leaves the node.
///
/// Sent as JSON, either to ``path`` with `Authorization: Bearer` and a join token or a Kubernetes
/// service-account token, or to ``renewalPath`` over TLS with the certificate to renew.
package struct EnrolmentRequest: Codable, Hashable, Sendable {
  package static let path = "/v1/enroll"
  package static let renewalPath = "/v1/renew"
  /// Where the server has the current revocation list in DER, for any client.
  package static let revocationListPath = "/v1/crl"

  /// A certificate signing request (RFC 2986) in PEM. Its Common Name is the identity; the server uses
  /// nothing else but the key.
  package let csr: String
  /// Why a certificate is renewed before a third of its lifetime has passed; nil if it is not.
  package let reason: String?

  package init(csr: String, reason: String? = nil) {
    self.csr = csr
    self.reason = reason
  }
}

/// The body of the authority server's response with status 200.
package struct EnrolmentResponse: Codable, Hashable, Sendable {
  /// The certificate in PEM, followed by the certificates of intermediate authorities.
  package let certificate: String
  /// The authorities of etcd's server certificates in PEM, which the client must trust.
  package let etcdCA: String

  package init(certificate: String, etcdCA: String) {
    self.certificate = certificate
    self.etcdCA = etcdCA
  }
}

/// The body of the authority server's response with any other status.
package struct EnrolmentRefusal: Codable, Hashable, Sendable {
  /// One sentence in lower case without a full stop.
  package let error: String
  package let hint: String?

  package init(error: String, hint: String? = nil) {
    self.error = error
    self.hint = hint
  }
}
