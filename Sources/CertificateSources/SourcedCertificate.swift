import Certificates

/// A key and its certificate as a source gave them, and what the client is to trust.
public struct SourcedCertificate: Sendable {
  public let credential: Credential
  /// The authorities of etcd's server certificates in PEM; nil where the source does not say.
  public let etcdCA: String?

  public init(credential: Credential, etcdCA: String?) {
    self.credential = credential
    self.etcdCA = etcdCA
  }
}
