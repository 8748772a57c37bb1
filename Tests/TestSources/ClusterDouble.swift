import Crypto
import Foundation
import JWTKit

/// A cluster that signs service-account tokens like an API server, and answers reviews of them: see
/// ``APIServer``.
package struct ClusterDouble: Sendable {
  package static let keyID = "cluster-key"
  package let issuer: String
  let keyID: String
  let key = P256.Signing.PrivateKey()

  package init(issuer: String, keyID: String = ClusterDouble.keyID) {
    self.issuer = issuer
    self.keyID = keyID
  }

  /// Kubernetes, `pkg/serviceaccount/claims.go`.
  struct Claims: JWTPayload {
    struct Named: Codable {
      let name: String
      let uid: String
    }
    struct Kubernetes: Codable {
      let namespace: String
      let serviceaccount: Named
      let pod: Named
      let node: Named?
    }
    let iss: String
    let sub: String
    let aud: [String]
    let exp: Int
    let nbf: Int
    let kubernetes: Kubernetes
    enum CodingKeys: String, CodingKey {
      case iss, sub, aud, exp, nbf
      case kubernetes = "kubernetes.io"
    }
    func verify(using algorithm: some JWTAlgorithm) throws {}
  }

  /// The key set as the API server publishes it, with a key of another kind.
  package func keySet() -> String {
    let raw = key.publicKey.rawRepresentation
    let (x, y) = (Self.base64URL(raw.prefix(32)), Self.base64URL(raw.suffix(32)))
    return """
      {"keys": [{"kty": "oct", "kid": "\(keyID)", "k": "c2VjcmV0"}, {"use": "sig", "kty": "EC", "kid": "\(keyID)", "crv": "P-256",
       "alg": "ES256", "x": "\(x)", "y": "\(y)"}]}
      """
  }

  package func token(
    account: String, node: String?, audience: [String] = ["bulkhead"], lasting: Int = 3_600,
    issuer: String? = nil, subject: String? = nil, keyID: String? = nil
  ) async throws -> String {
    let now = Int(Date().timeIntervalSince1970)
    let keys = JWTKeyCollection()
    await keys.add(
      ecdsa: try ES256PrivateKey(pem: key.pemRepresentation), kid: .init(string: keyID ?? self.keyID))
    return try await keys.sign(
      Claims(
        iss: issuer ?? self.issuer, sub: subject ?? "system:serviceaccount:kube-system:\(account)",
        aud: audience, exp: now + lasting, nbf: now - 10,
        kubernetes: .init(
          namespace: "kube-system", serviceaccount: .init(name: account, uid: Self.uid(account)),
          pod: .init(name: "\(account)-x7k2p", uid: Self.uid("\(account)-x7k2p")),
          node: node.map { .init(name: $0, uid: Self.uid($0)) })), kid: .init(string: keyID ?? self.keyID))
  }

  /// A signature that deceives verifiers which take the algorithm from the token and use the public key as a
  /// secret.
  package func signedWithThePublicKeyAsSecret(_ token: String) throws -> String {
    let secret = SymmetricKey(data: Data(key.publicKey.pemRepresentation.utf8))
    return Self.base64URL(
      Data(HMAC<SHA256>.authenticationCode(for: Data(token.dropLast().utf8), using: secret)))
  }

  /// The claims of a token that this cluster signed; nil for any other, and for an expired one.
  func claims(of token: String) async throws -> Claims? {
    let keys = JWTKeyCollection()
    await keys.add(
      ecdsa: try ES256PublicKey(pem: key.publicKey.pemRepresentation), kid: .init(string: keyID))
    guard let claims = try? await keys.verify(token, as: Claims.self),
      claims.exp > Int(Date().timeIntervalSince1970)
    else { return nil }
    return claims
  }

  /// Derived from the name.
  private static func uid(_ name: String) -> String {
    base64URL(SHA256.hash(data: Data(name.utf8)).prefix(12))
  }

  package static func base64URL(_ data: some Sequence<UInt8>) -> String {
    Data(data).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing(
      "=", with: "")
  }
}
