/// How to reach Vault or OpenBao, and what to request.
package struct VaultSettings: Hashable, Sendable {
  package var address: SourceAddress
  /// The authorities of its server certificate, a file in PEM; nil for those that the system trusts.
  package var authority: String?
  package var namespace: String?
  package var engine: Engine
  package var login: Login
  /// How long a question and its whole answer may take.
  package var timeout = Duration.seconds(20)

  /// The secrets engine with the certificates.
  package enum Engine: Hashable, Sendable {
    /// PKI: signs a request for a local key.
    case pki(mount: String, role: String)
    /// KV version 2: contains certificates and keys that others stored, one secret for each identity below
    /// the path.
    case keyValue(mount: String, path: String)
  }

  /// The auth method.
  package enum Login: Hashable, Sendable {
    case token(Secret)
    /// If `wrapped` is set, it is a file with a wrapping token of Vault (response wrapping): it is unwrapped once, and
    /// the secret id is written to the file `secretID`.
    case appRole(mount: String, roleID: String, secretID: Secret, wrapped: String? = nil)
    case kubernetes(mount: String, role: String, token: Secret)
    /// A JSON Web Token, such as a projected service-account token, whose claims Vault verifies itself.
    case jwt(mount: String, role: String, token: Secret)
    /// TLS certificate. If `role` is nil, Vault tries all roles that trust the certificate's authority.
    case certificate(mount: String, role: String?, certificate: String, key: String)
  }

  package init(
    address: SourceAddress, authority: String?, namespace: String?, engine: Engine, login: Login
  ) {
    self.address = address
    self.authority = authority
    self.namespace = namespace
    self.engine = engine
    self.login = login
  }
}

/// How to reach an authority server (`bulkhead authority serve`).
package struct ServerSettings: Hashable, Sendable {
  package var address: SourceAddress
  /// The authorities of its server certificate, a file in PEM; nil for those that the system trusts.
  package var authority: String?
  /// A join token or a Kubernetes service-account token; not needed when a certificate can be renewed.
  package var token: Secret
  /// How long a question and its whole answer may take.
  package var timeout = Duration.seconds(20)

  package init(address: SourceAddress, authority: String?, token: Secret) {
    self.address = address
    self.authority = authority
    self.token = token
  }
}
