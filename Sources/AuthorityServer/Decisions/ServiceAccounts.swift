import Certificates
import Cryptography
import FoundationEssentials
import JOSE
import Text

/// What a verified service-account token proves.
struct ServiceAccountProof: Sendable {
  /// `NAMESPACE/NAME`.
  let account: String
  let entitlement: Entitlement
  let use: TokenUse
}

/// Verifies Kubernetes service-account tokens.
struct ServiceAccounts: Sendable {
  /// The longest accepted lifetime of a token. Kubernetes' own default is an hour, and a token is needed only
  /// for the first certificate.
  static let longestLifetime: TimeInterval = 3_600

  let settings: ServiceAccountSettings
  let keys: ClusterKeys
  private let review: TokenReview?

  init(_ settings: ServiceAccountSettings) {
    self.settings = settings
    review = settings.reviewer.map { TokenReview(reviewer: $0, audience: settings.audience) }
    keys = ClusterKeys { try await settings.keys.read() }
  }

  /// The proof that a token gives.
  ///
  /// The token must be bound to a pod: the API server then writes the node on which that pod runs. A token that
  /// is bound to a node object alone names a node that its requester chose (Kubernetes,
  /// `pkg/registry/core/serviceaccount/storage/token.go`). A client that may create tokens for an account can
  /// still request one for each pod that it can name: the admission policy in `Examples/kubernetes` prevents it.
  /// - Throws: `OrderRefusal`, ``KeysUnavailable`` if the cluster's keys cannot be read, or
  ///   ``ReviewUnavailable``.
  func proof(of token: String, now: Date) async throws -> ServiceAccountProof {
    let claims = try await claims(of: token)
    let hint = "the pod needs a projected token for the audience \"\(settings.audience)\""
    guard claims.iss == settings.issuer else {
      throw OrderRefusal(.unproven, "the service-account token is of another issuer", hint: hint)
    }
    guard claims.aud.values.contains(settings.audience) else {
      throw OrderRefusal(.unproven, "the service-account token is for another audience", hint: hint)
    }
    guard now < claims.exp else {
      throw OrderRefusal(.unproven, "the service-account token has expired", hint: hint)
    }
    guard claims.nbf.map({ $0 <= now + 60 }) ?? true else {
      throw OrderRefusal(.unproven, "the service-account token is not valid yet", hint: "check both clocks")
    }
    guard let start = claims.iat ?? claims.nbf, claims.exp.timeIntervalSince(start) <= Self.longestLifetime
    else {
      throw OrderRefusal(
        .unproven, "the service-account token is valid for more than an hour",
        hint: "request the projected token with expirationSeconds 600")
    }
    let name = "\(claims.kubernetes.namespace):\(claims.kubernetes.serviceaccount.name)"
    guard claims.sub == "system:serviceaccount:\(name)" else {
      throw OrderRefusal(.unproven, "the service-account token contradicts itself", hint: hint)
    }
    guard let components = settings.components[claims.account] else {
      throw OrderRefusal(
        .forbidden, "the service account \(claims.account) is for no component",
        hint: "--service-account \(claims.account)=COMPONENT says for which")
    }
    guard let pod = claims.kubernetes.pod else {
      throw OrderRefusal(
        .forbidden, "the service-account token names no pod",
        hint: "send the projected token of the pod; tokens for a node, a secret or no object are refused")
    }
    if let review {
      guard try await review.accepts(token, claims) else {
        throw OrderRefusal(
          .unproven, "the API server does not accept the service-account token: its pod may be deleted",
          hint: hint)
      }
    }
    // Before Kubernetes 1.30 tokens have no id. The signed part stands for it; the signature does not, since
    // an ECDSA signature has a second valid form.
    let id =
      claims.jti ?? "sha256:"
      + SHA256.hash(Array(token[..<(token.lastIndex(of: ".") ?? token.endIndex)].utf8)).hexadecimal
    return ServiceAccountProof(
      account: claims.account,
      entitlement: Entitlement(node: claims.kubernetes.node?.name, components: components),
      use: TokenUse(id: id, podUID: pod.uid, expiresAt: claims.exp))
  }

  private func claims(of token: String) async throws -> ServiceAccountClaims {
    let refusal = OrderRefusal(
      .unproven, "the token is neither a join token nor signed by the cluster",
      hint: "send a join token or a service-account token")
    guard let signed = try? SignedToken(token), let id = signed.keyID else { throw refusal }
    let known: ClusterKeys.Known
    do {
      known = try await keys.keys(for: id)
    } catch {
      throw KeysUnavailable()
    }
    // The key decides on the algorithm: a token that chose its own, such as `none`, could sign itself.
    guard let content = try? signed.content(signedBy: known.keySet),
      let claims = try? ServiceAccountClaims(json: content)
    else { throw refusal }
    return claims
  }
}
