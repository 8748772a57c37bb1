internal import COpenSSL

/// A TLS alert (RFC 8446, section 6): why a side ends the connection.
package struct TLSAlert: RawRepresentable, Hashable, Sendable {
  package let rawValue: UInt8

  package init(rawValue: UInt8) { self.rawValue = rawValue }

  package static let handshakeFailure = TLSAlert(rawValue: 40)
  package static let badCertificate = TLSAlert(rawValue: 42)
  package static let unsupportedCertificate = TLSAlert(rawValue: 43)
  package static let certificateRevoked = TLSAlert(rawValue: 44)
  package static let certificateExpired = TLSAlert(rawValue: 45)
  package static let certificateUnknown = TLSAlert(rawValue: 46)
  package static let unknownAuthority = TLSAlert(rawValue: 48)
  package static let accessDenied = TLSAlert(rawValue: 49)
  package static let protocolVersion = TLSAlert(rawValue: 70)
  package static let certificateRequired = TLSAlert(rawValue: 116)
  package static let noApplicationProtocol = TLSAlert(rawValue: 120)

  /// Whether it concerns the certificate of the side that receives the alert.
  package var isAboutCertificate: Bool {
    (42...46).contains(rawValue) || [.unknownAuthority, .accessDenied, .certificateRequired].contains(self)
  }
}

extension TLSAlert: CustomStringConvertible {
  /// OpenSSL's name, such as "unknown CA".
  package var description: String {
    switch self {
    // OpenSSL 3.0 has no name for these two.
    case .certificateRequired: "certificate required"
    case .noApplicationProtocol: "no application protocol"
    default: String(cString: SSL_alert_desc_string_long(Int32(rawValue)))
    }
  }
}
