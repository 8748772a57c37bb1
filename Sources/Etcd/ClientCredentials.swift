/// The three PEM files with which a client shows who it is and knows whom it talks to.
public struct ClientCredentials: Hashable, Sendable {
  /// The authority that signed the members' server certificates.
  public let authority: String
  public let certificate: String
  public let key: String

  public init(authority: String, certificate: String, key: String) {
    self.authority = authority
    self.certificate = certificate
    self.key = key
  }
}
