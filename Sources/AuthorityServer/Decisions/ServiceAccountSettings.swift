import AsyncHTTPClient
import Files
import Foundation
import NIOCore
import NIOSSL

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
      var tls = TLSConfiguration.makeClientConfiguration()
      if let authority { tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(authority)) }
      var request = HTTPClientRequest(url: url)
      if let tokenFile {
        let token = try FileContents.readText(tokenFile, limit: 1 << 16)
        request.headers.add(
          name: "Authorization", value: "Bearer \(token.trimmed)")
      }
      var configuration = HTTPClient.Configuration(tlsConfiguration: tls, redirectConfiguration: .disallow)
      configuration.httpVersion = .http1Only
      // Otherwise the client retries until the timeout, while a pod waits.
      configuration.connectionPool.retryConnectionEstablishment = false
      let client = HTTPClient(configuration: configuration)
      do {
        let response = try await client.execute(request, timeout: .seconds(10))
        let body = try await response.body.collect(upTo: Self.limit)
        try await client.shutdown()
        guard response.status == .ok else { throw KeysUnavailable() }
        return Array(body.readableBytesView)
      } catch {
        try? await client.shutdown()
        throw error
      }
    }
  }
}
