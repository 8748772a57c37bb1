import Glibc
import Text

/// The address of a server: a DNS name, or an IPv4 or IPv6 address.
package enum HostName: Hashable, Sendable, CustomStringConvertible {
  case dns(String)
  /// Four or sixteen bytes in network order.
  case ip([UInt8])

  /// Parses an entry of a Subject Alternative Name: "10.0.0.1", "fd00::1", "etcd-0.example.org" or "*.example.org".
  /// - Throws: ``NameError`` if it is none of these.
  package init(_ text: String) throws(NameError) {
    if let address = Self.address(text) {
      self = address
    } else if Self.isDNSName(text.hasPrefix("*.") ? text.dropFirst(2) : text[...]) {
      self = .dns(text)
    } else {
      throw NameError(
        "\(quoted(text)) is neither a host name nor an IP address",
        hint: "give a name without scheme and port")
    }
  }

  /// Parses the host of a URL or of an address to listen on.
  /// - Parameter inBrackets: Whether it stood in brackets, as an IPv6 address must.
  /// - Returns: nil if it is neither a DNS name nor an address. Names are in lower case.
  package init?(host text: some StringProtocol, inBrackets: Bool) {
    switch Self.address(String(text)) {
    case .ip(let bytes)?:
      guard inBrackets == (bytes.count == 16) else { return nil }
      self = .ip(bytes)
    default:
      guard !inBrackets, Self.isDNSName(text) else { return nil }
      self = .dns(text.lowercased())
    }
  }

  /// An address in its shortest form (RFC 5952), without brackets.
  package var description: String {
    switch self {
    case .dns(let name): name
    case .ip(let bytes): Self.text(ofAddress: bytes)
    }
  }

  /// An address in the usual notation, or its bytes in hexadecimal if it is neither IPv4 nor IPv6.
  package static func text(ofAddress bytes: [UInt8]) -> String {
    var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    let family = bytes.count == 4 ? AF_INET : AF_INET6
    guard bytes.count == 4 || bytes.count == 16,
      inet_ntop(family, bytes, &buffer, socklen_t(buffer.count)) != nil
    else { return bytes.hexadecimal }
    return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  private static func address(_ text: String) -> HostName? {
    (address(text, family: AF_INET, count: 4) ?? address(text, family: AF_INET6, count: 16)).map(HostName.ip)
  }

  /// inet_pton would stop at a zero byte and accept the part before it.
  private static func address(_ text: String, family: Int32, count: Int) -> [UInt8]? {
    guard !text.utf8.contains(0) else { return nil }
    var bytes = [UInt8](repeating: 0, count: count)
    return inet_pton(family, text, &bytes) == 1 ? bytes : nil
  }

  /// Labels of RFC 1123 of at most 63 characters, 253 in total (RFC 1035, section 2.3.4), plus the underscore that
  /// some resolvers and Docker allow. A name whose last label is a number is refused: it would be parsed as an address
  /// (WHATWG URL, "ends in a number").
  private static func isDNSName(_ text: some StringProtocol) -> Bool {
    let labels = text.split(separator: ".", omittingEmptySubsequences: false)
    guard text.utf8.count <= 253, let last = labels.last, !isNumber(last) else { return false }
    return labels.allSatisfy { label in
      (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
        && label.utf8.allSatisfy { byte in
          (0x61...0x7a).contains(byte | 0x20) || (0x30...0x39).contains(byte) || "-_".utf8.contains(byte)
        }
    }
  }

  private static func isNumber(_ label: some StringProtocol) -> Bool {
    let label = label.lowercased()
    if label.hasPrefix("0x") { return label.utf8.dropFirst(2).allSatisfy { $0.hexadecimalValue != nil } }
    return label.utf8.allSatisfy { (0x30...0x39).contains($0) }
  }
}
