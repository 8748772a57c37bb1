/// The first line of a request, and the host that belongs to it.
enum RequestLine {
  private static let longestMethod = 32

  /// `METHOD TARGET HTTP/1.1`, with one space between each.
  ///
  /// Targets are paths, `*` for OPTIONS, and whole URLs, of which the path remains (RFC 9112, section 3.2). `CONNECT`,
  /// which asks for a proxy, is refused.
  static func read(_ line: [UInt8]) throws(MessageFault) -> RequestHead {
    let parts = line.split(separator: .space, omittingEmptySubsequences: false)
    guard parts.count == 3 else { throw .malformed("the request line does not have three parts") }
    guard (1...longestMethod).contains(parts[0].count), parts[0].allSatisfy(\.isToken) else {
      throw .malformed("the method is not valid")
    }
    let version = try Version(parts[2])
    let method = Method(String(decoding: parts[0], as: UTF8.self))
    guard method != .connect else { throw MessageFault(.notImplemented, "this is not a proxy") }
    guard !parts[1].isEmpty, parts[1].allSatisfy({ $0.isVisible && $0 != UInt8(ascii: "#") }) else {
      throw .malformed("the target holds what no target has")
    }
    var head = RequestHead(method, String(decoding: parts[1], as: UTF8.self))
    head.version = version
    // A URL is kept whole until the host is known: see ``checkHost(_:)``.
    let isPath = head.target.utf8.first == UInt8(ascii: "/") || head.target == "*" && method == .options
    guard isPath || absolute(head.target) != nil else {
      throw .malformed("the target is neither a path nor a URL")
    }
    return head
  }

  /// One host in HTTP/1.1, at most one in HTTP/1.0. That of a whole URL must be the same: programs on the way may
  /// have gone by either.
  static func checkHost(_ head: inout RequestHead) throws(MessageFault) {
    let hosts = head.fields.all("host")
    guard hosts.count == 1 || hosts.isEmpty && head.version == .http10 else {
      throw .malformed(hosts.isEmpty ? "the host is missing" : "there are several hosts")
    }
    if let host = hosts.first, !isHost(host) { throw .malformed("the host is not valid") }
    guard let (authority, target) = absolute(head.target) else { return }
    guard hosts.first.map({ Fields.isSame($0, String(authority)) }) ?? true else {
      throw .malformed("the URL and the host are not the same")
    }
    head.target = String(target)
  }

  /// Splits `http://HOST/PATH` or `https://HOST/PATH`; nil for any other text.
  private static func absolute(_ target: String) -> (authority: Substring, target: Substring)? {
    let begin = target.prefix(8).lowercased()
    guard let scheme = ["https://", "http://"].first(where: begin.hasPrefix) else { return nil }
    let rest = target.dropFirst(scheme.count)
    let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
    guard isHost(String(rest[..<end])) else { return nil }
    let path = rest[end...]
    return (rest[..<end], path.hasPrefix("/") ? path : "/\(path)")
  }

  /// A name or an address, perhaps with a port; no user and nothing else (RFC 3986, section 3.2.2).
  private static func isHost(_ text: String) -> Bool {
    let isBracketed = text.utf8.first == UInt8(ascii: "[")
    return !text.isEmpty
      && text.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: ":"):
          true
        case UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "%"): isBracketed
        default: false
        }
      }
  }
}
