import Certificates
import FoundationEssentials
import JOSE

/// Verifies Kubernetes service-account tokens.
struct ServiceAccounts: Sendable {
  let settings: ServiceAccountSettings
  let keys: ClusterKeys

  init(_ settings: ServiceAccountSettings) {
    self.settings = settings
    keys = ClusterKeys { try await settings.keys.read() }
  }

  /// The entitlement of a token.
  ///
  /// The node is the token's `node`, which the API server writes into the tokens of pods. A client that may
  /// create tokens for an account can also request one that names any node. The name of the pod does not say
  /// where it runs.
  /// - Throws: `OrderRefusal`, or ``KeysUnavailable`` if the cluster's keys cannot be read.
  func entitlement(of token: String, now: Date) async throws -> (account: String, Entitlement) {
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
    let name = "\(claims.kubernetes.namespace):\(claims.kubernetes.serviceaccount.name)"
    guard claims.sub == "system:serviceaccount:\(name)" else {
      throw OrderRefusal(.unproven, "the service-account token contradicts itself", hint: hint)
    }
    guard let components = settings.components[claims.account] else {
      throw OrderRefusal(
        .forbidden, "the service account \(claims.account) is for no component",
        hint: "--service-account \(claims.account)=COMPONENT says for which")
    }
    return (claims.account, Entitlement(node: claims.kubernetes.node?.name, components: components))
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
