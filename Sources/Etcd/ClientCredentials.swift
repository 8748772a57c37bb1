/// The three PEM files of a client: its certificate, its key, and the authority that it trusts.
package struct ClientCredentials: Hashable, Sendable {
  /// The authority that signed the members' server certificates.
  package let authority: String
  package let certificate: String
  package let key: String

  package init(authority: String, certificate: String, key: String) {
    self.authority = authority
    self.certificate = certificate
    self.key = key
  }
}
