/// The three PEM files of a client: its certificate, its key, and the authority that it trusts.
package struct ClientCredentials: Hashable, Sendable {
  /// The authority that signed the members' server certificates.
  package let authority: String
  package let certificate: String
  package let key: String
  /// The name or address that the members' server certificates must have; nil for the host of the endpoint.
  package let serverName: String?

  package init(authority: String, certificate: String, key: String, serverName: String? = nil) {
    self.authority = authority
    self.certificate = certificate
    self.key = key
    self.serverName = serverName
  }
}
