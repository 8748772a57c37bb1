import Credentials
import Files
import FoundationEssentials

/// A folder that another program fills: configuration management, a CSI driver, `bulkhead certs issue`.
package struct DirectorySource: CertificateSource {
  let path: String

  package init(_ path: String) { self.path = path }

  package var name: String { "the folder \(path)" }
  package var revisit: Duration? { .zero }

  package func certificate(for order: CertificateOrder) async throws -> SourcedCertificate {
    let own = "\(path)/\(try CredentialFileName.encode(order.identity))"
    let (certificate, key) = ("\(own).crt", "\(own).key")
    for (certificate, key, authority) in [
      (certificate, key, nil), ("\(own)/etcd-cert", "\(own)/etcd-key", "\(own)/etcd-ca"),
      // The names of a Secret of type kubernetes.io/tls and of cert-manager's CSI driver.
      ("\(own)/tls.crt", "\(own)/tls.key", "\(own)/ca.crt"),
    ] {
      guard let certificatePEM = try text(certificate), let keyPEM = try text(key) else { continue }
      let credential = try Credential(
        certificatePEM: certificatePEM, key: PrivateKey(pem: keyPEM, source: key), source: certificate)
      return SourcedCertificate(credential: credential, etcdCA: try authority.flatMap(text))
    }
    throw SourceError(
      "no certificate and key for \"\(order.identity)\" in \(path)",
      hint:
        "put them there as \(certificate) and \(key), or as etcd-cert and etcd-key, or tls.crt and tls.key, in \(own)/",
      isTransient: true)
  }

  private func text(_ path: String) throws -> String? {
    do {
      return try FileContents.readIfPresent(path, limit: 1 << 20).map { String(decoding: $0, as: UTF8.self) }
    } catch let error as FileError {
      throw SourceError("\(error)", hint: error.hint, isTransient: true)
    }
  }
}
