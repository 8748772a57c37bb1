/// Why TLS failed, by cause.
package enum TLSError: Error, Hashable, Sendable {
  /// The peer's certificate does not lead to a trusted authority.
  /// - Parameters:
  ///   - issuer: the issuer of the last certificate that was found, such as "CN=etcd-ca".
  ///   - reason: OpenSSL's message.
  case unknownAuthority(issuer: String, reason: String)
  /// The certificate is for other names.
  /// - Parameters:
  ///   - expected: the name or address that the client connects to.
  ///   - found: the DNS names and IP addresses in the certificate.
  case wrongName(expected: String, found: [String])
  /// A certificate of the peer's chain has expired. `notAfter` is in seconds since 1970.
  case expired(subject: String, notAfter: Int)
  /// A certificate of the peer's chain is not valid yet. `notBefore` is in seconds since 1970.
  case notYetValid(subject: String, notBefore: Int)
  /// The peer's certificate was rejected for another reason; `reason` is OpenSSL's message, such as "unsuitable
  /// certificate purpose".
  case badCertificate(subject: String, reason: String)
  /// The peer rejected this side's certificate, or requires one. In TLS 1.3 a server sends this alert after the
  /// client's handshake is complete.
  case certificateRefused(TLSAlert)
  /// The peer sent another fatal alert.
  case refused(TLSAlert)
  /// The two sides have no TLS version in common.
  case protocolVersion
  /// The client sent no certificate, but the server requires one.
  case noClientCertificate
  /// The peer does not use TLS. The value is the printable beginning of what it sent, such as "HTTP/1.1 400 Bad
  /// Request" from a plain HTTP server.
  case notTLS(String)
  /// The peer closed the connection before the handshake was complete.
  case closedInHandshake
  /// The connection ended without close_notify, so data may be missing.
  case truncated
  /// The given certificate, key, authorities or names cannot be used.
  case unusable(String)
  /// Another error, with OpenSSL's message.
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
