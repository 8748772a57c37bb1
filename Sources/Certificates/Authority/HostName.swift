import Cryptography
import Glibc

/// The address of a server: a DNS name, or an IPv4 or IPv6 address. An entry of a Subject Alternative Name.
package enum HostName: Hashable, Sendable, CustomStringConvertible {
  case dns(String)
  /// Four or sixteen bytes in network order.
  case ip([UInt8])

  /// Parses "10.0.0.1", "fd00::1" or "etcd-0.example.org". A wildcard is allowed in the first label.
  /// - Throws: ``CertificatesError`` if it is none of these.
  package init(_ text: String) throws {
    if let bytes = Self.address(text, family: AF_INET, count: 4)
      ?? Self.address(text, family: AF_INET6, count: 16)
    {
      self = .ip(bytes)
    } else if Self.isDNSName(text) {
      self = .dns(text)
    } else {
      throw CertificatesError(
        "\"\(text)\" is neither a host name nor an IP address", hint: "give a name without scheme and port")
    }
  }

  package var description: String {
    switch self {
    case .dns(let name): name
    case .ip(let bytes): Self.text(ofAddress: bytes)
    }
  }

  var generalName: GeneralName {
    switch self {
    case .dns(let name): .dns(name)
    case .ip(let bytes): .ip(bytes)
    }
  }

  /// An address in the usual notation, or its bytes in hexadecimal if it is neither IPv4 nor IPv6.
  static func text(ofAddress bytes: [UInt8]) -> String {
    var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    let family = bytes.count == 4 ? AF_INET : AF_INET6
    guard bytes.count == 4 || bytes.count == 16,
      inet_ntop(family, bytes, &buffer, socklen_t(buffer.count)) != nil
    else { return bytes.hexadecimal }
    return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  private static func address(_ text: String, family: Int32, count: Int) -> [UInt8]? {
    guard !text.utf8.contains(0) else { return nil }
    var bytes = [UInt8](repeating: 0, count: count)
    return inet_pton(family, text, &bytes) == 1 ? bytes : nil
  }

  /// Whether the text is a DNS name: labels of at most 63 letters, digits, hyphens and underscores, 253
  /// characters in total (RFC 1035, section 2.3.4). A last label with digits only is a mistyped address.
  private static func isDNSName(_ text: String) -> Bool {
    var labels = text.split(separator: ".", omittingEmptySubsequences: false)
    if labels.count > 1, labels.first == "*" { labels.removeFirst() }
    guard text.utf8.count <= 253, let last = labels.last, !last.allSatisfy(\.isASCIIDigit) else {
      return false
    }
    return labels.allSatisfy { label in
      (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
        && label.allSatisfy { $0.isASCIIDigit || $0.isASCIILetter || $0 == "-" || $0 == "_" }
    }
  }
}

extension Character {
  fileprivate var isASCIIDigit: Bool { ("0"..."9").contains(self) && isASCII }
  fileprivate var isASCIILetter: Bool { isASCII && isLetter }
}
