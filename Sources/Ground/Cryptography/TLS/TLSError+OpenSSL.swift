internal import COpenSSL

extension TLSError {
  /// Finds the cause of a session's failure.
  /// - Parameter error: the contents of OpenSSL's error queue.
  init(
    _ error: CryptographyError, notes: TLSNotes, firstBytes: [UInt8], isHandshakeDone: Bool, hasEnded: Bool
  ) {
    let reasons = error.entries.filter { $0.library == Int(ERR_LIB_SSL) }.map { Int32($0.reason) }
    let words = error.entries.map(\.words).joined(separator: "; ")
    if let fault = notes.fault {
      self = fault
    } else if let alert = reasons.lazy.compactMap(Self.alert).first {
      self =
        alert == .protocolVersion
        ? .protocolVersion : alert.isAboutCertificate ? .certificateRefused(alert) : .refused(alert)
    } else if !isHandshakeDone, let start = Self.foreign(firstBytes) {
      self = .notTLS(start)
    } else if reasons.contains(SSL_R_UNEXPECTED_EOF_WHILE_READING) || error.entries.isEmpty && hasEnded {
      self = isHandshakeDone ? .truncated : .closedInHandshake
    } else if reasons.contains(SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE) {
      self = .noClientCertificate
    } else if reasons.contains(where: Self.versionReasons.contains) {
      self = .protocolVersion
    } else {
      self = .other(words.isEmpty ? "OpenSSL gave no reason" : words)
    }
  }

  private static let versionReasons: Set<Int32> = [
    SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_WRONG_SSL_VERSION, SSL_R_UNKNOWN_PROTOCOL, SSL_R_VERSION_TOO_LOW,
    SSL_R_VERSION_TOO_HIGH, SSL_R_WRONG_VERSION_NUMBER, SSL_R_NO_PROTOCOLS_AVAILABLE,
  ]

  /// The alert that the peer sent, if the reason stands for one (OpenSSL, `SSL_AD_REASON_OFFSET`).
  private static func alert(_ reason: Int32) -> TLSAlert? {
    UInt8(exactly: reason - Int32(SSL_AD_REASON_OFFSET)).map(TLSAlert.init(rawValue:))
  }

  /// - Returns: nil if the bytes begin like TLS: with a handshake or alert record of version 3; otherwise their
  ///   printable beginning.
  private static func foreign(_ bytes: [UInt8]) -> String? {
    guard let first = bytes.first else { return nil }
    if [0x15, 0x16].contains(first), bytes.dropFirst().first ?? 3 == 3 { return nil }
    let line = bytes.prefix { $0 >= 0x20 && $0 < 0x7f }
    return String(decoding: line, as: UTF8.self)
  }
}
