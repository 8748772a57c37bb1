/// A node's request to an authority server: a certificate for a key that never leaves the node.
///
/// Sent as JSON, either to ``path`` with `Authorization: Bearer` and a join token or a Kubernetes
/// service-account token, or to ``renewalPath`` over TLS with the certificate to renew.
package struct EnrolmentRequest: Codable, Hashable, Sendable {
  package static let path = "/v1/enroll"
  package static let renewalPath = "/v1/renew"
  /// Where the server has the current revocation list in DER, for any client.
  package static let revocationListPath = "/v1/crl"

  /// Where the server has, for any client, the authorities that etcd should trust in PEM; the first one issues now.
  package static let authorityPath = "/v1/authority"

  /// A certificate signing request (RFC 2986) in PEM. Its Common Name is the identity; the server uses
  /// nothing else but the key.
  package let csr: String
  /// Why a certificate is renewed before a third of its lifetime has passed; nil if it is not.
  package let reason: String?
  /// With a renewal: the signature by the key of the certificate that is renewed.
  package let proof: RenewalProof?

  package init(csr: String, reason: String? = nil, proof: RenewalProof? = nil) {
    self.csr = csr
    self.reason = reason
    self.proof = proof
  }
}

/// A signature by the key of the certificate that is renewed. A signer that did not see the TLS handshake itself knows
/// by it that the holder of that key wants this request, and no other, to be signed.
package struct RenewalProof: Codable, Hashable, Sendable {
  /// When it was made, in seconds since 1970.
  package let time: Int64
  /// The signature of ``text(time:reason:csr:)`` in base64: DER for elliptic curves, PKCS#1 version 1.5 for RSA; with
  /// SHA-256 for RSA and P-256, SHA-384 for P-384.
  package let signature: String

  package init(time: Int64, signature: String) {
    self.time = time
    self.signature = signature
  }

  /// What is signed: the words `bulkhead renewal 1`, the time, the reason of an early renewal or nothing, each followed
  /// by a line feed, and the request in PEM exactly as it is sent. A reason has no line feed.
  package static func text(time: Int64, reason: String?, csr: String) -> [UInt8] {
    Array("bulkhead renewal 1\n\(time)\n\(reason ?? "")\n\(csr)".utf8)
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
