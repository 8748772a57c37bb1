import Cryptography
import Files
import HTTP

/// The cluster whose service-account tokens are accepted, and the components of each account.
package struct ServiceAccountSettings: Sendable {
  /// The source of the cluster's public keys.
  package enum Keys: Sendable {
    /// A JSON Web Key Set.
    case file(String)
    /// The API server's `/openid/v1/jwks`. The authority and the token are read each time, because Kubernetes
    /// renews them in place.
    case url(String, authority: String?, tokenFile: String?)
  }

  /// Calico's own service accounts: the installer of the CNI plugin runs in calico-node's pod.
  package static let calico = [
    "kube-system/calico-node": ["calico-node", "cni-plugin"],
    "kube-system/calico-cni-plugin": ["cni-plugin"],
    "kube-system/calico-kube-controllers": ["kube-controllers"],
  ]

  package let keys: Keys
  /// The API server's `--service-account-issuer`.
  package let issuer: String
  package let audience: String
  /// The components that a service account may request, by `NAMESPACE/NAME`.
  package let components: [String: [String]]

  package init(keys: Keys, issuer: String, audience: String, components: [String: [String]] = calico) {
    self.keys = keys
    self.issuer = issuer
    self.audience = audience
    self.components = components
  }
}

extension ServiceAccountSettings.Keys {
  private static let limit = 1 << 20

  /// Reads the key set.
  func read() async throws -> [UInt8] {
    switch self {
    case .file(let path): return try FileContents.read(path, limit: Self.limit)
    case .url(let url, let authority, let tokenFile):
      guard let address = WebAddress(url) else { throw KeysUnavailable() }
      let trust = try authority.map { TLSTrust.authorities(try Certificate.all(pem: FileContents.read($0))) }
      var client = Client(tls: address.isSecure ? try .client(trusting: trust ?? .system) : nil)
      client.limit = .seconds(10)
      client.message.body = Self.limit
      var fields: Fields = [:]
      if let tokenFile {
        let token = try FileContents.readText(tokenFile, limit: 1 << 16)
        fields.append("Authorization", "Bearer \(token.trimmed)")
      }
      let response = try await client.send(.get, to: address, fields: fields)
      guard response.status == .ok else { throw KeysUnavailable() }
      return response.body
    }
  }
}
