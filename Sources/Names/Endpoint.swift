import Errors

/// A client URL of one etcd member, in the form of etcd's `--advertise-client-urls`:
/// `https://10.0.0.11:2379`.
package struct Endpoint: Hashable, Sendable {
  /// A DNS name in lower case, an IPv4 address, or an IPv6 address without brackets in its shortest form (RFC
  /// 5952), so that two spellings of one endpoint are equal.
  package let host: String
  package let port: Int
  private let name: HostName

  /// etcd's client port (IANA: etcd-client).
  package static let standardPort = 2379

  /// Parses `https://HOST[:PORT]`, with or without a trailing slash; without a port it is ``standardPort``.
  ///
  /// Plain `http://` is refused: etcd identifies a client by its certificate, so without TLS a client has no
  /// identity.
  package init(_ url: String) throws(EndpointError) {
    let form = "write it as https://HOST:2379"
    if url.contains(",") {
      throw EndpointError(url, "holds a comma", hint: "write each URL as an entry of its own, without commas")
    }
    guard let schemeEnd = url.firstRange(of: "://") else {
      throw EndpointError(url, "is not a URL", hint: form)
    }
    let scheme = url[..<schemeEnd.lowerBound].lowercased()
    guard scheme == "https" else {
      let hint =
        scheme == "http"
        ? "without TLS etcd cannot distinguish clients: give the member's https:// client URL" : form
      throw EndpointError(url, "is not an https URL", hint: hint)
    }
    var authority = url[schemeEnd.upperBound...]
    if authority.hasSuffix("/") { authority.removeLast() }
    let bare = "\(form), with nothing before the host or after the port"
    if let at = authority.lastIndex(of: "@") {
      // The part before the "@" may contain a password.
      throw EndpointError("https://…\(authority[at...])", "contains a user name", hint: bare)
    }
    guard !authority.contains(where: { "/?#".contains($0) }) else {
      throw EndpointError(url, "contains a path, a query or a fragment", hint: bare)
    }
    let (text, isInBrackets, port) = Endpoint.split(authority)
    guard let name = HostName(host: text, inBrackets: isInBrackets) else {
      throw EndpointError(
        url, "has no valid host",
        hint: "a DNS name, an IPv4 address, or an IPv6 address as in https://[::1]:2379")
    }
    guard let number = port.map(Endpoint.number) ?? Endpoint.standardPort, (1...65535).contains(number) else {
      throw EndpointError(
        url, "has no valid port", hint: "a port is a number from 1 to 65535; etcd's own is 2379")
    }
    self.host = name.description
    self.name = name
    self.port = number
  }

  package var isIPv6: Bool { addressLength == 16 }
  package var isIPv4: Bool { addressLength == 4 }
  private var addressLength: Int? { if case .ip(let bytes) = name { bytes.count } else { nil } }

  /// Splits at the colon before the port, which is the one after the closing bracket if there is a bracket.
  private static func split(_ text: Substring) -> (host: Substring, isInBrackets: Bool, port: Substring?) {
    if text.hasPrefix("["), let close = text.firstIndex(of: "]") {
      let host = text[..<close].dropFirst()
      let rest = text[close...].dropFirst()
      if rest.isEmpty { return (host, true, nil) }
      return (rest.hasPrefix(":") ? host : "", true, rest.dropFirst())
    }
    guard let colon = text.firstIndex(of: ":") else { return (text, false, nil) }
    return (text[..<colon], false, text[colon...].dropFirst())
  }

  /// `Int` alone would accept `+2379`.
  private static func number(_ text: Substring) -> Int? {
    text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? Int(text) : nil
  }
}

extension Endpoint: CustomStringConvertible {
  package var description: String { isIPv6 ? "https://[\(host)]:\(port)" : "https://\(host):\(port)" }
}

/// Why a text is not a valid ``Endpoint``.
package struct EndpointError: ExplainedError, Hashable {
  package let url: String
  package let problem: String
  package let hint: String?

  init(_ url: String, _ problem: String, hint: String) {
    self.url = url
    self.problem = problem
    self.hint = hint
  }

  package var description: String { "endpoint '\(url)' \(problem)" }
}
