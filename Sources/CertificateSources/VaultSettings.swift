/// How Vault or OpenBao is reached, and what is asked of it.
package struct VaultSettings: Hashable, Sendable {
  package var address: SourceAddress
  /// The authorities of its server certificate, a file in PEM; nil for those that the system trusts.
  package var authority: String?
  package var namespace: String?
  package var engine: Engine
  package var login: Login
  /// How long a question and its whole answer may take.
  package var timeout = Duration.seconds(20)

  /// The secrets engine that certificates come from.
  package enum Engine: Hashable, Sendable {
    /// PKI: signs a request for a key made here.
    case pki(mount: String, role: String)
    /// KV version 2: holds certificates and keys that someone else has put there, one secret for each identity below
    /// the path.
    case keyValue(mount: String, path: String)
  }

  /// The auth method that proves who asks.
  package enum Login: Hashable, Sendable {
    case token(Secret)
    case appRole(mount: String, roleID: String, secretID: Secret)
    case kubernetes(mount: String, role: String, token: Secret)
    /// TLS certificate. `role` may be nil: Vault then tries all that trust the certificate's authority.
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

/// How an authority server (`bulkhead authority serve`) is reached.
package struct ServerSettings: Hashable, Sendable {
  package var address: SourceAddress
  /// The authorities of its server certificate, a file in PEM; nil for those that the system trusts.
  package var authority: String?
  /// A join token, or a Kubernetes service-account token; not needed once there is a certificate to renew.
  package var token: Secret
  /// How long a question and its whole answer may take.
  package var timeout = Duration.seconds(20)

  package init(address: SourceAddress, authority: String?, token: Secret) {
    self.address = address
    self.authority = authority
    self.token = token
  }
}
