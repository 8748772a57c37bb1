import FoundationEssentials

/// The claims of a Kubernetes service-account token (Kubernetes, `pkg/serviceaccount/claims.go`).
struct ServiceAccountClaims: Codable, Sendable {
  struct Kubernetes: Codable, Sendable {
    struct Named: Codable, Sendable { let name: String }
    struct Unique: Codable, Sendable {
      let name: String
      let uid: String
    }

    let namespace: String
    let serviceaccount: Named
    /// The pod that the token is bound to; nil if it is bound to another object or to none.
    let pod: Unique?
    /// The node of the pod; present by default since Kubernetes 1.30 (KEP-4193, stable in 1.32). Without `pod`
    /// it is the node that the token is bound to, which its requester chose.
    let node: Named?
  }

  /// One text or several (RFC 7519, section 4.1.3).
  struct Audience: Codable, Sendable {
    let values: [String]

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      values = try (try? [container.decode(String.self)]) ?? container.decode([String].self)
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      try container.encode(values)
    }
  }

  let iss: String
  let sub: String
  let aud: Audience
  let exp: Date
  let nbf: Date?
  let iat: Date?
  /// The token's id; present by default since Kubernetes 1.30 (KEP-4193, stable in 1.32).
  let jti: String?
  let kubernetes: Kubernetes

  enum CodingKeys: String, CodingKey {
    case iss, sub, aud, exp, nbf, iat, jti
    case kubernetes = "kubernetes.io"
  }

  /// `NAMESPACE/NAME`.
  var account: String { "\(kubernetes.namespace)/\(kubernetes.serviceaccount.name)" }

  /// - Throws: a `DecodingError` if the bytes are not such claims.
  init(json: [UInt8]) throws {
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .secondsSince1970
    self = try decoder.decode(Self.self, from: Data(json))
  }
}
