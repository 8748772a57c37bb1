import Cryptography
import FoundationEssentials

/// A certificate and its private key.
package struct Credential: Sendable {
  package let certificate: Certificate
  package let key: PrivateKey
  /// The certificate, followed by the intermediate authorities up to, but not including, the trusted root.
  package let certificatePEM: String

  /// - Parameter chainPEM: the intermediate authorities up to, but not including, the trusted root.
  package init(certificate: Certificate, chainPEM: String, key: PrivateKey) throws {
    self.certificate = certificate
    self.key = key
    self.certificatePEM = try certificate.pem() + chainPEM
  }

  /// Reads a certificate with its intermediate authorities, and its key.
  /// - Parameter source: their origin, for messages.
  /// - Throws: ``CertificatesError``, also if the key does not belong to the certificate, or a certificate
  ///   was not signed by the one after it.
  package init(certificatePEM: String, key: PrivateKey, source: String) throws {
    let chain = try PEMText(text: certificatePEM, source: source).certificates()
    guard let leaf = chain.first else {
      throw CertificatesError(
        "\(source) holds no certificate", hint: "give the certificate that is the key's")
    }
    guard key.belongs(to: leaf) else {
      throw CertificatesError(
        "the key does not belong to the certificate of \(source)",
        hint: "give the two that were made for each other")
    }
    for (certificate, issuer) in zip(chain, chain.dropFirst()) {
      guard issuer.hasSigned(certificate) else {
        throw CertificatesError(
          "a certificate of \(source) was not signed by the authority whose certificate follows it",
          hint: "give the client's own certificate first, and each authority after what it has signed")
      }
    }
    // A self-signed root must already be trusted by the other side, so it is not sent.
    let sent = chain.prefix(1) + chain.dropFirst().filter { $0.issuer != $0.subject }
    self.certificate = leaf
    self.key = key
    self.certificatePEM = try sent.map { try $0.pem() }.joined()
  }

  /// The contents of the certificate.
  package var facts: CertificateFacts { CertificateFacts(certificate) }

  /// The first reason why this is not a valid credential of a user; nil if it is.
  package func fault(user: String, now: Date) -> CredentialFault? {
    CredentialFault.first(of: certificate, key: key, user: user, authority: nil, now: now)
  }
}
