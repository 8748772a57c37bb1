import X509

/// A certificate and its private key, just issued.
public struct Credential: Sendable {
  let certificate: Certificate
  public let key: PrivateKey
  public let certificatePEM: String

  init(certificate: Certificate, key: PrivateKey) throws {
    self.certificate = certificate
    self.key = key
    self.certificatePEM = try certificate.pemText()
  }

  /// What the certificate says.
  public var facts: CertificateFacts { CertificateFacts(certificate) }
}
