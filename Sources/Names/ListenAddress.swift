/// The address and port on which a server listens: `0.0.0.0:8443`, `[::]:8443`, `localhost:0`.
package struct ListenAddress: Hashable, Sendable {
  /// A DNS name or an address, without brackets.
  package let host: String
  /// 0 lets the system choose a port.
  package let port: Int

  /// - Returns: nil if the text is not a host and a port, or has an IPv6 address without brackets.
  package init?(_ text: String) {
    guard let colon = text.lastIndex(of: ":"),
      text[colon...].utf8.dropFirst().allSatisfy({ (0x30...0x39).contains($0) }),
      let port = UInt16(text[text.index(after: colon)...])
    else { return nil }
    let host = text[..<colon]
    let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
    guard let name = HostName(host: isBracketed ? host.dropFirst().dropLast() : host, inBrackets: isBracketed)
    else { return nil }
    self.host = name.description
    self.port = Int(port)
  }

  /// - Parameter port: The port that the system assigned.
  package func text(port: Int) -> String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

extension ListenAddress: CustomStringConvertible {
  package var description: String { text(port: port) }
}
