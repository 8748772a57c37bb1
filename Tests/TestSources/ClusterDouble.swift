import Cryptography
import Foundation
import JOSE

/// A cluster that signs service-account tokens like an API server, and answers reviews of them: see
/// ``APIServer``.
package struct ClusterDouble: Sendable {
  package static let keyID = "cluster-key"
  package let issuer: String
  let keyID: String
  let key: PrivateKey

  package init(issuer: String, keyID: String = ClusterDouble.keyID) {
    self.issuer = issuer
    self.keyID = keyID
    guard let key = try? PrivateKey.generate(.p256) else { preconditionFailure("no key can be made") }
    self.key = key
  }

  /// Kubernetes, `pkg/serviceaccount/claims.go`.
  struct Claims: Codable {
    struct Named: Codable {
      let name: String
      let uid: String
    }
    struct Kubernetes: Codable {
      let namespace: String
      let serviceaccount: Named
      let pod: Named?
      let node: Named?
    }
    let iss: String
    let sub: String
    let aud: [String]
    let exp: Int
    let nbf: Int
    let iat: Int
    let jti: String?
    let kubernetes: Kubernetes
    enum CodingKeys: String, CodingKey {
      case iss, sub, aud, exp, nbf, iat, jti
      case kubernetes = "kubernetes.io"
    }
  }

  /// The public key in PEM, as in the API server's `--service-account-key-file`.
  package var publicKeyPEM: String {
    get throws { try PEM.text("PUBLIC KEY", key.publicKey.subjectPublicKeyInfo) }
  }

  /// The key set as the API server publishes it, with a key of another kind.
  package func keySet() -> String {
    // The point without its first byte is the end of the encoding (RFC 5480, section 2.2).
    let raw = key.publicKey.subjectPublicKeyInfo.suffix(64)
    let (x, y) = (Base64URL.encode(raw.prefix(32)), Base64URL.encode(raw.suffix(32)))
    return """
      {"keys": [{"kty": "oct", "kid": "\(keyID)", "k": "c2VjcmV0"}, {"use": "sig", "kty": "EC", "kid": "\(keyID)", "crv": "P-256",
       "alg": "ES256", "x": "\(x)", "y": "\(y)"}]}
      """
  }

  /// - Parameters:
  ///   - hasPod: Whether the token is bound to a pod; false as for a token that was requested for a node object.
  ///   - id: The claim `jti`; nil for none, as before Kubernetes 1.30.
  package func token(
    account: String, node: String?, audience: [String] = ["bulkhead"], lasting: Int = 3_600,
    issuer: String? = nil, subject: String? = nil, keyID: String? = nil, hasPod: Bool = true,
    id: String? = UUID().uuidString
  ) throws -> String {
    let now = Int(Date().timeIntervalSince1970)
    let claims = Claims(
      iss: issuer ?? self.issuer, sub: subject ?? "system:serviceaccount:kube-system:\(account)",
      aud: audience, exp: now + lasting, nbf: now - 10, iat: now, jti: id,
      kubernetes: .init(
        namespace: "kube-system", serviceaccount: .init(name: account, uid: Self.uid(account)),
        pod: hasPod ? .init(name: Self.pod(of: account), uid: Self.uid(Self.pod(of: account))) : nil,
        node: node.map { .init(name: $0, uid: Self.uid($0)) }))
    return try SignedToken.sign(
      Array(try JSONEncoder().encode(claims)), with: key, algorithm: .es256, keyID: keyID ?? self.keyID)
  }

  /// A signature that deceives verifiers which take the algorithm from the token and use the public key as a
  /// secret.
  package func signedWithThePublicKeyAsSecret(_ token: String) throws -> String {
    let secret = try PEM.text("PUBLIC KEY", key.publicKey.subjectPublicKeyInfo)
    return Base64URL.encode(
      try HMACSHA256.code(of: Array(token.dropLast().utf8), key: Array(secret.utf8)))
  }

  /// The claims of a token that this cluster signed; nil for any other, and for an expired one.
  func claims(of token: String) -> Claims? {
    guard let key = try? JSONWebKey(id: keyID, algorithm: .es256, publicKey: key.publicKey),
      let content = try? SignedToken(token).content(signedBy: key),
      let claims = try? JSONDecoder().decode(Claims.self, from: Data(content)),
      claims.exp > Int(Date().timeIntervalSince1970)
    else { return nil }
    return claims
  }

  /// The name of an account's pod.
  package static func pod(of account: String) -> String { "\(account)-x7k2p" }

  /// Derived from the name.
  package static func uid(_ name: String) -> String {
    Base64URL.encode(SHA256.hash(Array(name.utf8)).prefix(12))
  }

  package static func base64URL(_ data: some Sequence<UInt8>) -> String { Base64URL.encode(data) }
}
