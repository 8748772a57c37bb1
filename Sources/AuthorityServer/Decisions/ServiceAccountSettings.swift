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

  /// A server that is asked to review tokens.
  package struct Reviewer: Sendable {
    /// The API server's URL without a path: `https://10.96.0.1`.
    package let url: String
    /// A file with the authorities of its certificate in PEM; nil for those that the system trusts.
    package let authority: String?
    /// A file with a token of an account that may create TokenReviews (ClusterRole `system:auth-delegator`).
    package let tokenFile: String

    package init(url: String, authority: String?, tokenFile: String) {
      self.url = url
      self.authority = authority
      self.tokenFile = tokenFile
    }
  }

  /// Calico's own service accounts: the installer of the CNI plugin runs in calico-node's pod.
  ///
  /// `kube-system/calico-cni-plugin` is left out: no pod runs with it, and the ClusterRole of calico-node may
  /// create tokens for it (Calico, `manifests/calico-etcd.yaml`, `serviceaccounts/token`).
  package static let calico = [
    "kube-system/calico-node": ["calico-node", "cni-plugin"],
    "kube-system/calico-kube-controllers": ["kube-controllers"],
  ]

  package let keys: Keys
  /// The API server's `--service-account-issuer`.
  package let issuer: String
  package let audience: String
  /// The components that a service account may request, by `NAMESPACE/NAME`.
  package let components: [String: [String]]
  /// Nil if the API server is not asked about tokens.
  package var reviewer: Reviewer?

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
      let server = APIServerClient(authority: authority, tokenFile: tokenFile, limit: Self.limit)
      let response = try await server.send(.get, url)
      guard response.status == .ok else { throw KeysUnavailable() }
      return response.body
    }
  }
}

/// Requests to the cluster's API server. Files with the authority and the token are read each time, because
/// Kubernetes renews them in place. Over HTTPS only, since each request may carry a token.
struct APIServerClient: Sendable {
  let authority: String?
  let tokenFile: String?
  /// The largest answer in bytes.
  let limit: Int

  func send(_ method: HTTP.Method, _ url: String, json: [UInt8]? = nil) async throws -> Response {
    guard let address = WebAddress(url), address.isSecure else { throw KeysUnavailable() }
    let trust = try authority.map { TLSTrust.authorities(try Certificate.all(pem: FileContents.read($0))) }
    var client = Client(tls: try .client(trusting: trust ?? .system))
    client.limit = .seconds(10)
    client.message.body = limit
    var fields: Fields = [:]
    if let tokenFile {
      let token = try FileContents.readText(tokenFile, limit: 1 << 16)
      fields.append("Authorization", "Bearer \(token.trimmed)")
    }
    if json != nil { fields.append("Content-Type", "application/json") }
    return try await client.send(
      method, to: address, fields: fields, body: json.map(RequestBody.bytes) ?? .none)
  }
}
