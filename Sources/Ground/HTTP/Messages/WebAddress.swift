import Text

/// Where a request goes: `https://HOST[:PORT][/PATH][?QUERY]`, or the same with `http`.
///
/// A small part of RFC 3986: no user, no fragment, and nothing that would have to be decoded or repaired.
package struct WebAddress: Hashable, Sendable {
  package let isSecure: Bool
  /// A name, an IPv4 address, or an IPv6 address without its brackets.
  package let host: String
  package let port: Int
  /// The path and the query, as a request has them: it begins with a slash.
  package var target: String

  /// - Returns: nil if the text is not such an address.
  package init?(_ text: String) {
    let lowered = text.prefix(8).lowercased()
    guard let scheme = ["https://", "http://"].first(where: lowered.hasPrefix) else { return nil }
    let rest = text.dropFirst(scheme.count)
    let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
    guard let (host, port) = Self.split(rest[..<end]) else { return nil }
    isSecure = scheme == "https://"
    self.host = host
    let target = rest[end...]
    self.target = target.hasPrefix("/") ? String(target) : "/\(target)"
    guard self.target.utf8.allSatisfy({ $0.isVisible && $0 != UInt8(ascii: "#") }) else { return nil }
    guard let number = port.map(Self.number) ?? (isSecure ? 443 : 80), (1...65_535).contains(number) else {
      return nil
    }
    self.port = number
  }

  /// What the `Host` field says: without the port that the scheme has anyway.
  var authority: String {
    let name = host.contains(":") ? "[\(host)]" : host
    return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
  }

  private static func split(_ text: Substring) -> (host: String, port: Substring?)? {
    if text.hasPrefix("[") {
      guard let close = text.firstIndex(of: "]") else { return nil }
      let host = text[..<close].dropFirst()
      let rest = text[close...].dropFirst()
      let isAddress = host.utf8.allSatisfy { $0.hexadecimalValue != nil || $0 == 0x3a || $0 == 0x2e }
      guard host.contains(":"), isAddress, rest.isEmpty || rest.hasPrefix(":") else { return nil }
      return (String(host), rest.isEmpty ? nil : rest.dropFirst())
    }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count <= 2, let host = parts.first, !host.isEmpty,
      host.utf8.allSatisfy({
        $0.isDigit || (0x61...0x7a).contains($0 | 0x20) || $0 == 0x2d || $0 == 0x2e || $0 == 0x5f
      })
    else { return nil }
    return (String(host), parts.count == 2 ? parts[1] : nil)
  }

  /// `Int` alone would take `+443`.
  private static func number(_ text: Substring) -> Int? {
    text.utf8.allSatisfy(\.isDigit) ? Int(text) : nil
  }
}
