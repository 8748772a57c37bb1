/// Where an identity's certificate comes from: a secret manager, an authority server, a folder.
///
/// A new kind of source is a file beside this one.
public protocol CertificateSource: Sendable {
  /// For messages: `vault https://vault:8200`.
  var name: String { get }

  /// Gets a certificate for an identity.
  /// - Parameter identity: The certificate's Common Name, which is the etcd user.
  /// - Throws: ``SourceError``, which says whether asking again later may help.
  func certificate(for identity: String) async throws -> SourcedCertificate
}
