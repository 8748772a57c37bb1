import FoundationEssentials

/// The address of a source: `https://HOST[:PORT][/PATH]`.
///
/// Plain `http://` is accepted for loopback only, where a proxy such as Vault's own may listen. Elsewhere a
/// token would cross the network unencrypted.
package struct SourceAddress: Hashable, Sendable, CustomStringConvertible {
  /// Without a trailing slash.
  package let url: String

  package var description: String { url }

  /// - Throws: ``SourceAddressError``.
  package init(_ text: String) throws(SourceAddressError) {
    let form = "write it as https://HOST:PORT"
    guard let parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased(),
      let host = parts.host, !host.isEmpty
    else { throw SourceAddressError("is no URL", hint: form) }
    // The part before the host may be a password, so it is not repeated.
    guard parts.user == nil, parts.password == nil else {
      throw SourceAddressError(
        "contains a user name", hint: "\(form), and give the credential in a file of its own")
    }
    guard parts.query == nil, parts.fragment == nil else {
      throw SourceAddressError("holds a query or a fragment", hint: form)
    }
    guard scheme == "https" || (scheme == "http" && Self.loopback.contains(host)) else {
      throw SourceAddressError(
        "is not an https URL", hint: "credentials would cross the network in clear: \(form)")
    }
    var url = text
    while url.hasSuffix("/") { url.removeLast() }
    self.url = url
  }

  private static let loopback: Set<String> = ["127.0.0.1", "localhost", "::1", "[::1]"]
}

/// Why a text is not a valid ``SourceAddress``. Does not repeat the text, which may contain a password.
package struct SourceAddressError: Error, Hashable {
  package let problem: String
  package let hint: String

  init(_ problem: String, hint: String) {
    self.problem = problem
    self.hint = hint
  }
}
