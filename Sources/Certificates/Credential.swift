import X509

/// A certificate and its private key, just issued.
public struct Credential: Sendable {
  let certificate: Certificate
  public let key: PrivateKey
  /// The certificate, and after it the authority's own where another authority has signed that.
  public let certificatePEM: String

  init(certificate: Certificate, chainPEM: String, key: PrivateKey) throws {
    self.certificate = certificate
    self.key = key
    self.certificatePEM = try certificate.pemText() + chainPEM
  }

  /// What the certificate says.
  public var facts: CertificateFacts { CertificateFacts(certificate) }
}
