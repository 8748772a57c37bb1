internal import COpenSSL
import Glibc

extension Certificate {
  /// Copies a certificate that OpenSSL received from the peer.
  /// - Throws: ``CryptographyError`` if OpenSSL accepts the certificate but it is not strict DER.
  convenience init(ofPeer pointer: OpaquePointer) throws(CryptographyError) {
    try self.init(der: encode("write the peer's certificate") { i2d_X509(pointer, $0) })
  }

  /// The DNS names and IP addresses of the subject alternative names, as text of one line each.
  var hosts: [String] {
    get throws(CryptographyError) {
      try (subjectAlternativeNames ?? []).compactMap { name in
        switch name {
        case .dns(let host): host.onOneLine
        case .ip(let bytes): IPAddress.text(bytes)
        default: nil
        }
      }
    }
  }
}

/// IPv4 and IPv6 addresses in standard notation.
package enum IPAddress {
  /// The 4 or 16 bytes of an address; nil if the text is not an address. The zone of a link-local address (after a
  /// %) is ignored.
  package static func bytes(_ text: String) -> [UInt8]? {
    var four = in_addr()
    if inet_pton(AF_INET, text, &four) == 1 { return withUnsafeBytes(of: four) { Array($0) } }
    var sixteen = in6_addr()
    let address = text.prefix { $0 != "%" }
    guard inet_pton(AF_INET6, String(address), &sixteen) == 1 else { return nil }
    return withUnsafeBytes(of: sixteen) { Array($0) }
  }

  /// Nil unless there are 4 or 16 bytes.
  package static func text(_ bytes: [UInt8]) -> String? {
    guard bytes.count == 4 || bytes.count == 16 else { return nil }
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    guard inet_ntop(bytes.count == 4 ? AF_INET : AF_INET6, bytes, &text, socklen_t(text.count)) != nil
    else { return nil }
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
