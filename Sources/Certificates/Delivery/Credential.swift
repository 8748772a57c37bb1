import Cryptography
import FoundationEssentials

/// A certificate and its private key.
package struct Credential: Sendable {
  let certificate: Certificate
  package let key: PrivateKey
  /// The certificate, and after it those of the authorities between it and the one that others trust.
  package let certificatePEM: String

  init(certificate: Certificate, chainPEM: String, key: PrivateKey) throws {
    self.certificate = certificate
    self.key = key
    self.certificatePEM = try certificate.pem() + chainPEM
  }

  /// A certificate that came from elsewhere, with those of intermediate authorities after it, and its key.
  /// - Parameter source: where they came from, for messages.
  /// - Throws: ``CertificatesError``, also where the key is not the certificate's, or a certificate was not signed by
  ///   the one after it.
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
    // An authority that signed itself is trusted because one has it already, not because it is sent along.
    let sent = chain.prefix(1) + chain.dropFirst().filter { $0.issuer != $0.subject }
    self.certificate = leaf
    self.key = key
    self.certificatePEM = try sent.map { try $0.pem() }.joined()
  }

  /// What the certificate says.
  package var facts: CertificateFacts { CertificateFacts(certificate) }

  /// The first reason why it is no credential of a user, or nil.
  package func fault(user: String, now: Date) -> CredentialFault? {
    CredentialDirectory.fault(of: certificate, key: key, user: user, authority: nil, now: now)
  }
}
