import Foundation

/// Where a source is reached: `https://HOST[:PORT][/PATH]`.
///
/// Plain `http://` is taken for loopback only, where a proxy such as Vault's own may listen: a token would otherwise
/// cross the network in clear.
package struct SourceAddress: Hashable, Sendable, CustomStringConvertible {
  /// Without a slash at its end.
  package let url: String

  package var description: String { url }

  /// - Throws: ``SourceAddressError``.
  package init(_ text: String) throws(SourceAddressError) {
    let form = "write it as https://HOST:PORT"
    guard let parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased(),
      let host = parts.host, !host.isEmpty
    else { throw SourceAddressError("is no URL", hint: form) }
    // What stands before the host may be a password: it is not repeated.
    guard parts.user == nil, parts.password == nil else {
      throw SourceAddressError("holds a user", hint: "\(form), and give the credential in a file of its own")
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

/// Why a text is no ``SourceAddress``. Does not repeat the text, which may hold a password.
package struct SourceAddressError: Error, Hashable {
  package let problem: String
  package let hint: String

  init(_ problem: String, hint: String) {
    self.problem = problem
    self.hint = hint
  }
}
