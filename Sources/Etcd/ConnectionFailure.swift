import Cryptography
import Network

/// Why no connection to a member could be made, by cause.
package enum ConnectionFailure: Hashable, Sendable {
  /// No program listens there.
  case refused
  /// The name of the endpoint has no address.
  case nameUnknown(String)
  /// The member's server certificate is not signed by an authority in `etcd.ca`.
  /// - Parameter issuer: The issuer of the last certificate that was found: `CN=etcd-ca`.
  case serverOfOtherAuthority(issuer: String)
  /// The member's server certificate is for other names.
  case serverNamed([String], expected: String)
  /// The member's server certificate has expired, or is not valid yet.
  case serverCertificateOutOfTime
  /// The member's server certificate cannot be used for another reason.
  case serverCertificateUnusable
  /// The member refused the client certificate, or requires one; with the TLS alert that it sent. Servers
  /// written in Go send "bad certificate" for several reasons.
  case clientCertificateRefused(alert: String)
  /// The port serves plain HTTP or another protocol without TLS.
  case notTLS
  case other

  init(_ error: NetworkError) {
    self =
      switch error {
      case .refused: .refused
      case .nameUnknown(let name, _): .nameUnknown(name)
      case .allAddressesFailed(let errors): errors.first.map(ConnectionFailure.init) ?? .other
      case .tls(let error): ConnectionFailure(error)
      default: .other
      }
  }

  private init(_ error: TLSError) {
    self =
      switch error {
      case .unknownAuthority(let issuer, _): .serverOfOtherAuthority(issuer: issuer)
      case .wrongName(let expected, let found): .serverNamed(found, expected: expected)
      case .expired, .notYetValid: .serverCertificateOutOfTime
      case .badCertificate: .serverCertificateUnusable
      case .certificateRefused(let alert): .clientCertificateRefused(alert: "\(alert)")
      case .notTLS: .notTLS
      default: .other
      }
  }

  /// What to do.
  package var hint: String {
    switch self {
    case .refused:
      "is etcd running there, and is this the port of its --listen-client-urls?"
    case .nameUnknown: "check the host name under etcd.endpoints, and the name server of this machine"
    case .serverOfOtherAuthority(let issuer):
      "etcd.ca must contain the authority of the members' server certificates, \(issuer): the file that etcd "
        + "clients use as --cacert"
    case .serverNamed(let names, let expected):
      "give the member a server certificate for \(expected) too"
        + (names.isEmpty
          ? "" : ", or list an endpoint with a name that it has: \(names.joined(separator: ", "))")
        + "; behind a port-forward, name one under 'etcd.tls-server-name'"
    case .serverCertificateOutOfTime:
      "renew the member's server certificate (--cert-file), and compare the clocks of both machines"
    case .serverCertificateUnusable: "the member's --cert-file needs the extended key usage serverAuth"
    case .clientCertificateRefused:
      "the client certificate must be signed by an authority in the members' --trusted-ca-file, be valid now, "
        + "not be in their --client-crl-file, and have the extended key usage clientAuth: 'bulkhead certs "
        + "inspect' shows it"
    case .notTLS: "list the https:// URL of the member's --listen-client-urls, not that of its metrics"
    case .other: "is the member running, and is a firewall or proxy between?"
    }
  }
}
