import Credentials
import FoundationEssentials

/// A source of certificates: a secret manager, an authority server, a folder.
///
/// Each kind of source has its own file in this folder.
package protocol CertificateSource: Sendable {
  /// For messages: `vault https://vault:8200`.
  var name: String { get }

  /// How often to ask it when nothing is due, because it may have another certificate by then; zero for each
  /// check. Nil if a request issues a certificate.
  var revisit: Duration? { get }

  /// Gets a certificate without checking it: see ``order(_:now:)``.
  /// - Throws: ``SourceError``, whose `isTransient` says whether a later retry may succeed.
  func certificate(for order: CertificateOrder) async throws -> SourcedCertificate

  /// Whether another authority than the one that signed a credential issues certificates now, as in a roll-over;
  /// false for sources that do not tell.
  /// - Throws: ``SourceError``.
  func hasReplacedAuthority(of current: Credential) async throws -> Bool

  /// Renews the credential for the source itself. It is called regularly while the agent runs.
  func maintain(now: Date) async throws

  /// Gives up the credential that a login obtained. Failures are ignored: it expires by itself.
  func leave() async
}

extension CertificateSource {
  package var revisit: Duration? { nil }
  package func hasReplacedAuthority(of current: Credential) async throws -> Bool { false }
  package func maintain(now: Date) async throws {}
  package func leave() async {}
}

/// A request to a source.
package struct CertificateOrder: Sendable {
  /// The certificate's name (`CertificateName`): its Common Name, which is the etcd user, or a name for a certificate
  /// without one.
  package let identity: String
  /// The requested lifetime; nil for the source's default.
  package let lifetime: Duration?
  /// The current valid credential, for sources that accept it as proof of identity.
  package let current: Credential?
  /// Why the current certificate is replaced although it is not due; nil if it is due.
  package let reason: RenewalReason?

  package init(
    identity: String, lifetime: Duration?, current: Credential?, reason: RenewalReason? = nil
  ) {
    self.identity = identity
    self.lifetime = lifetime
    self.current = current
    self.reason = reason
  }
}
