import Cryptography

extension Credential {
  /// The certificate and its key for TLS, with the intermediate authorities.
  /// - Throws: ``CertificatesError``.
  package var tlsIdentity: TLSIdentity {
    get throws {
      TLSIdentity(
        chain: try PEMText(text: certificatePEM, source: "the certificate").certificates(), key: key.key)
    }
  }
}

extension PrivateKey {
  /// The key for TLS.
  package var forTLS: Cryptography.PrivateKey { key }
}
