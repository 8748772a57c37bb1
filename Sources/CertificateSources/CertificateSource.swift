import Certificates
import Foundation

/// Where an identity's certificate comes from: a secret manager, an authority server, a folder.
///
/// A new kind of source is a file beside this one.
package protocol CertificateSource: Sendable {
  /// For messages: `vault https://vault:8200`.
  var name: String { get }

  /// How often it is asked though nothing is due, because somebody may have put another certificate there: zero for at
  /// every look. Nil where asking makes a certificate.
  var revisit: Duration? { get }

  /// Gets a certificate. What comes is not checked yet: see ``order(_:now:)``.
  /// - Throws: ``SourceError``, which says whether asking again later may help.
  func certificate(for order: CertificateOrder) async throws -> SourcedCertificate

  /// Keeps the credential for the source itself alive; called again and again while the agent runs.
  func maintain(now: Date) async throws
}

extension CertificateSource {
  package var revisit: Duration? { nil }
  package func maintain(now: Date) async throws {}
}

/// What is asked of a source.
package struct CertificateOrder: Sendable {
  /// The certificate's Common Name, which is the etcd user.
  package let identity: String
  /// How long it is to last; nil for the source's own default.
  package let lifetime: Duration?
  /// What is there and still good, for sources that take it as proof of who asks.
  package let current: Credential?

  package init(identity: String, lifetime: Duration?, current: Credential?) {
    self.identity = identity
    self.lifetime = lifetime
    self.current = current
  }
}
