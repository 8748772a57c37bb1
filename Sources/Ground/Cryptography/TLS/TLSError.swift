/// Why TLS cannot be used with a peer, by cause.
package enum TLSError: Error, Hashable, Sendable {
  /// The peer's certificate leads to none of the authorities that are trusted.
  /// - Parameters:
  ///   - issuer: who issued the certificate that the chain breaks off at, as in "CN=etcd-ca".
  ///   - reason: OpenSSL's words.
  case unknownAuthority(issuer: String, reason: String)
  /// The certificate is for other names.
  /// - Parameters:
  ///   - expected: the name or address that was connected to.
  ///   - found: the DNS names and IP addresses that the certificate is for.
  case wrongName(expected: String, found: [String])
  /// A certificate of the peer's chain has ended, so many seconds after 1970.
  case expired(subject: String, notAfter: Int)
  /// A certificate of the peer's chain has not begun, which it does so many seconds after 1970.
  case notYetValid(subject: String, notBefore: Int)
  /// The peer's certificate may not be used here for another reason, in OpenSSL's words: "unsuitable certificate
  /// purpose", "certificate revoked".
  case badCertificate(subject: String, reason: String)
  /// The peer has refused our certificate, or the lack of one. In TLS 1.3 a server says so after the client's handshake
  /// has succeeded.
  case certificateRefused(TLSAlert)
  /// The peer has ended it for another reason.
  case refused(TLSAlert)
  /// No version of TLS suits both sides.
  case protocolVersion
  /// The client showed no certificate, where one is required.
  case noClientCertificate
  /// The peer does not speak TLS: what it sent first, as far as that can be shown. A server on plain HTTP answers with
  /// "HTTP/1.1 400 Bad Request".
  case notTLS(String)
  /// The peer has closed the connection before the handshake was complete.
  case closedInHandshake
  /// The connection has ended without TLS's own end, so that bytes may lack.
  case truncated
  /// The certificate, its key, the authorities or the names that were given cannot be used.
  case unusable(String)
  /// Something else, in OpenSSL's words.
  case other(String)
}

extension TLSError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unknownAuthority(let issuer, let reason):
      "the certificate is of an unknown authority (issued by \(issuer): \(reason))"
    case .wrongName(let expected, let found):
      found.isEmpty
        ? "the certificate is not for \(expected): it has no DNS name and no IP address"
        : "the certificate is not for \(expected) but for \(found.joined(separator: ", "))"
    case .expired(let subject, let notAfter):
      "the certificate of \(subject) expired on \(UTCTime.text(notAfter))"
    case .notYetValid(let subject, let notBefore):
      "the certificate of \(subject) is not valid before \(UTCTime.text(notBefore))"
    case .badCertificate(let subject, let reason): "the certificate of \(subject) cannot be used: \(reason)"
    case .certificateRefused(let alert): "the peer refused the certificate: \(alert)"
    case .refused(let alert): "the peer refused the connection: \(alert)"
    case .protocolVersion: "the peer does not speak TLS 1.2 or later"
    case .noClientCertificate: "the client has no certificate"
    case .notTLS(let start):
      start.isEmpty ? "the peer does not speak TLS" : "the peer does not speak TLS: it sent '\(start)'"
    case .closedInHandshake: "the peer closed the connection during the TLS handshake"
    case .truncated: "the connection ended without TLS's own end"
    case .unusable(let reason): reason
    case .other(let words): "TLS: \(words)"
    }
  }
}
