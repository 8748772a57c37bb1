import Credentials

/// A key and certificate from a source, and the authorities that the client must trust.
package struct SourcedCertificate: Sendable {
  package let credential: Credential
  /// The authorities of etcd's server certificates in PEM; nil if the source does not send them.
  package let etcdCA: String?

  package init(credential: Credential, etcdCA: String?) {
    self.credential = credential
    self.etcdCA = etcdCA
  }
}
