/// A client URL of one etcd member, as etcd's `--advertise-client-urls` spells it: `https://10.0.0.11:2379`.
public struct Endpoint: Hashable, Sendable {
  /// A DNS name, an IPv4 address or an IPv6 address without its brackets.
  public let host: String
  public let port: Int

  /// Reads `https://HOST[:PORT]`; the port is 2379 if there is none.
  ///
  /// Plain `http://` is refused: etcd knows a client by its certificate, so without TLS nobody has an identity.
  public init(_ url: String) throws(EndpointError) {
    guard let schemeEnd = url.firstRange(of: "://") else {
      throw EndpointError(url, "is no URL", hint: "write it as https://HOST:2379")
    }
    let scheme = url[..<schemeEnd.lowerBound].lowercased()
    guard scheme == "https" else {
      let hint =
        scheme == "http"
        ? "without TLS etcd cannot tell one client from another: give the member's https:// client URL"
        : "write it as https://HOST:2379"
      throw EndpointError(url, "is not an https URL", hint: hint)
    }
    var rest = url[schemeEnd.upperBound...]
    if rest.hasSuffix("/") { rest.removeLast() }
    let (host, port) = Endpoint.split(rest)
    guard Endpoint.isHost(host) else {
      throw EndpointError(
        url, "has no valid host", hint: "write it as https://HOST:2379, with nothing after the port")
    }
    guard let number = port.map({ Int($0) }) ?? 2379, (1...65535).contains(number) else {
      throw EndpointError(
        url, "has no valid port", hint: "a port is a number from 1 to 65535; etcd's own is 2379")
    }
    self.host = String(host)
    self.port = number
  }

  /// Whether ``host`` is an IPv6 address.
  public var isIPv6: Bool { host.contains(":") }

  /// Whether ``host`` is an IPv4 address.
  public var isIPv4: Bool {
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts.allSatisfy { part in UInt8(part) != nil && part.allSatisfy(\.isNumber) }
  }

  /// Splits at the port's colon, which is the one after the bracket where there is one.
  private static func split(_ text: Substring) -> (host: Substring, port: Substring?) {
    if text.hasPrefix("["), let close = text.firstIndex(of: "]") {
      let host = text[text.index(after: text.startIndex)..<close]
      let rest = text[text.index(after: close)...]
      if rest.isEmpty { return (host, nil) }
      return rest.hasPrefix(":") && host.contains(":") ? (host, rest.dropFirst()) : ("", nil)
    }
    guard let colon = text.firstIndex(of: ":") else { return (text, nil) }
    return (text[..<colon], text[text.index(after: colon)...])
  }

  private static func isHost(_ host: Substring) -> Bool {
    !host.isEmpty
      && host.utf8.allSatisfy { byte in
        Character(Unicode.Scalar(byte)).isLetter && byte < 0x80
          || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || ".-_:".utf8.contains(byte)
      }
  }
}

extension Endpoint: CustomStringConvertible {
  public var description: String { isIPv6 ? "https://[\(host)]:\(port)" : "https://\(host):\(port)" }
}

/// Why a text is no ``Endpoint``.
public struct EndpointError: Error, Hashable, CustomStringConvertible {
  public let url: String
  public let problem: String
  public let hint: String

  init(_ url: String, _ problem: String, hint: String) {
    self.url = url
    self.problem = problem
    self.hint = hint
  }

  public var description: String { "endpoint '\(url)' \(problem)" }
}
