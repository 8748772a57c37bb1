import Glibc

/// The host of a URL.
struct Host: Hashable, Sendable {
  enum Kind: Hashable, Sendable { case name, ipv4, ipv6 }

  let text: String
  let kind: Kind

  /// - Returns: nil if the text is neither an address nor a DNS name.
  init?(_ text: Substring, inBrackets: Bool) {
    if inBrackets {
      guard let address = Host.address(text, AF_INET6) else { return nil }
      (self.text, kind) = (address, .ipv6)
    } else if let address = Host.address(text, AF_INET) {
      (self.text, kind) = (address, .ipv4)
    } else {
      guard Host.isName(text) else { return nil }
      (self.text, kind) = (text.lowercased(), .name)
    }
  }

  /// Labels of RFC 1123, plus the underscore that some resolvers and Docker allow. A name whose last label is
  /// a number is refused, because it would be parsed as an address (WHATWG URL, "ends in a number").
  private static func isName(_ text: Substring) -> Bool {
    let labels = text.split(separator: ".", omittingEmptySubsequences: false)
    guard text.utf8.count <= 253, let last = labels.last, Int(last) == nil else { return false }
    return labels.allSatisfy { label in
      (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
        && label.utf8.allSatisfy { byte in
          (0x61...0x7a).contains(byte | 0x20) || (0x30...0x39).contains(byte) || "-_".utf8.contains(byte)
        }
    }
  }

  /// The address in its shortest form; nil if the text is not an address of this family.
  private static func address(_ text: Substring, _ family: Int32) -> String? {
    // inet_pton would stop at a zero byte and accept the part before it.
    guard !text.utf8.contains(0) else { return nil }
    var bytes = in6_addr()
    guard inet_pton(family, String(text), &bytes) == 1 else { return nil }
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { buffer in
      inet_ntop(family, &bytes, buffer.baseAddress, socklen_t(buffer.count)).map { String(cString: $0) }
    }
  }
}
