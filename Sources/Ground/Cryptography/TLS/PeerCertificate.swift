internal import COpenSSL
import Glibc

extension Certificate {
  /// A copy of one that OpenSSL has read from the peer.
  /// - Throws: ``CryptographyError`` for one that OpenSSL accepts and that is not in DER throughout.
  convenience init(ofPeer pointer: OpaquePointer) throws(CryptographyError) {
    try self.init(der: encode("write the peer's certificate") { i2d_X509(pointer, $0) })
  }

  /// The DNS names and IP addresses that it is for, as texts.
  var hosts: [String] {
    get throws(CryptographyError) {
      try (subjectAlternativeNames ?? []).compactMap { name in
        switch name {
        case .dns(let host): host
        case .ip(let bytes): IPAddress.text(bytes)
        default: nil
        }
      }
    }
  }
}

/// IPv4 and IPv6 addresses in their usual forms.
package enum IPAddress {
  /// The 4 or 16 bytes of an address; nil where the text is a name. What stands after a % (the zone of a link-local
  /// address) is no part of it.
  package static func bytes(_ text: String) -> [UInt8]? {
    var four = in_addr()
    if inet_pton(AF_INET, text, &four) == 1 { return withUnsafeBytes(of: four) { Array($0) } }
    var sixteen = in6_addr()
    let address = text.prefix { $0 != "%" }
    guard inet_pton(AF_INET6, String(address), &sixteen) == 1 else { return nil }
    return withUnsafeBytes(of: sixteen) { Array($0) }
  }

  /// Nil where the bytes are neither 4 nor 16.
  package static func text(_ bytes: [UInt8]) -> String? {
    guard bytes.count == 4 || bytes.count == 16 else { return nil }
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    guard inet_ntop(bytes.count == 4 ? AF_INET : AF_INET6, bytes, &text, socklen_t(text.count)) != nil
    else { return nil }
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
