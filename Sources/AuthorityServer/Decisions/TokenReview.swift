import FoundationEssentials
import HTTP

/// Asks the API server about a service-account token (Kubernetes, `authentication.k8s.io/v1` TokenReview). Other
/// than the signature, the answer tells whether the pod of the token still exists.
struct TokenReview: Sendable {
  let reviewer: ServiceAccountSettings.Reviewer
  let audience: String

  private static let path = "/apis/authentication.k8s.io/v1/tokenreviews"
  private static let limit = 1 << 20

  private struct Question: Encodable {
    struct Spec: Encodable {
      let token: String
      let audiences: [String]
    }
    let apiVersion = "authentication.k8s.io/v1"
    let kind = "TokenReview"
    let spec: Spec
  }

  private struct Answer: Decodable {
    struct Status: Decodable {
      let authenticated: Bool?
      let user: User?
      let audiences: [String]?
    }
    struct User: Decodable {
      let username: String?
      let extra: [String: [String]]?
    }
    let status: Status?
  }

  /// Whether the API server accepts the token, for the same account, pod and node as its claims.
  /// - Throws: ``ReviewUnavailable`` if it does not answer the question.
  func accepts(_ token: String, _ claims: ServiceAccountClaims) async throws(ReviewUnavailable) -> Bool {
    let server = APIServerClient(
      authority: reviewer.authority, tokenFile: reviewer.tokenFile, limit: Self.limit)
    let status: Answer.Status
    do {
      let question = Question(spec: .init(token: token, audiences: [audience]))
      let response = try await server.send(
        .post, reviewer.url + Self.path, json: Array(try JSONEncoder().encode(question)))
      guard response.status == .created || response.status == .ok,
        let answer = try JSONDecoder().decode(Answer.self, from: Data(response.body)).status
      else { throw ReviewUnavailable() }
      status = answer
    } catch {
      throw ReviewUnavailable()
    }
    guard status.authenticated == true, status.user?.username == claims.sub,
      status.audiences?.contains(audience) == true
    else { return false }
    // Kubernetes, `pkg/serviceaccount/util.go`: what the API server knows of the pod and its node.
    let extra = status.user?.extra ?? [:]
    func agrees(_ key: String, _ claimed: String?) -> Bool {
      extra["authentication.kubernetes.io/\(key)"].map { $0 == [claimed].compactMap(\.self) } ?? true
    }
    return agrees("pod-uid", claims.kubernetes.pod?.uid) && agrees("node-name", claims.kubernetes.node?.name)
  }
}

/// The API server did not answer a TokenReview: a failure of the server.
struct ReviewUnavailable: Error {}
