import Certificates

/// A key and its certificate as a source gave them, and what the client is to trust.
package struct SourcedCertificate: Sendable {
  package let credential: Credential
  /// The authorities of etcd's server certificates in PEM; nil where the source does not say.
  package let etcdCA: String?

  package init(credential: Credential, etcdCA: String?) {
    self.credential = credential
    self.etcdCA = etcdCA
  }
}
