import Certificates
import Foundation
import HTTP
import Names

/// The part of a cluster's API server that concerns service-account tokens: the published keys
/// (kubernetes.io/docs/reference/access-authn-authz/service-account-tokens, `/openid/v1/jwks`) and
/// TokenReview (kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-review-v1). As
/// with Kubernetes' own roles, only clients with a token of the cluster may ask, and only the account
/// `reviewer` may request reviews.
package struct APIServer: Sendable {
  /// `https://127.0.0.1:PORT`.
  package let url: String
  /// The authority of the server's certificate, in PEM.
  package let authority: String

  package static let reviewer = "reviewer"

  /// - Parameter deletedPods: The UIDs of pods whose tokens it does not accept.
  package static func with<Result: Sendable>(
    _ cluster: ClusterDouble, deletedPods: Set<String> = [], _ body: (APIServer) async throws -> Result
  ) async throws -> Result {
    let authority = try Authority.create(name: "kubernetes", lifetime: .seconds(86_400), now: Date())
    let own = try authority.issue(
      server: "kube-apiserver", hosts: [HostName("127.0.0.1")], lifetime: .seconds(86_400), now: Date())
    let answers = Answers(cluster: cluster, deletedPods: deletedPods)
    return try await LoopbackServer.run(
      tls: LoopbackServer.tls(own), answer: answers.respond
    ) { port in
      try await body(APIServer(url: "https://127.0.0.1:\(port)", authority: authority.certificatePEM))
    }
  }

  private struct Answers: Sendable {
    let cluster: ClusterDouble
    let deletedPods: Set<String>

    func respond(to request: Request) throws -> Response {
      let bearer = (request.fields["authorization"] ?? "").split(separator: " ").last.map(String.init) ?? ""
      guard let asker = cluster.claims(of: bearer) else { return Response(.unauthorized) }
      switch request.path {
      case "/openid/v1/jwks": return Self.json(Data(cluster.keySet().utf8), .ok)
      case "/apis/authentication.k8s.io/v1/tokenreviews":
        guard asker.kubernetes.serviceaccount.name == APIServer.reviewer else {
          return Response(.forbidden)
        }
        let body = Data(try request.body.get())
        guard let question = try? JSONDecoder().decode(Question.self, from: body) else {
          return Response(.badRequest)
        }
        let review = Review(spec: question.spec, status: status(of: question.spec))
        return Self.json(try JSONEncoder().encode(review), .created)
      default: return Response(.notFound)
      }
    }

    private func status(of spec: Review.Spec) -> Review.Status {
      guard let claims = cluster.claims(of: spec.token) else {
        return Review.Status(authenticated: false, error: "invalid bearer token")
      }
      if let pod = claims.kubernetes.pod, deletedPods.contains(pod.uid) {
        return Review.Status(authenticated: false, error: "service account token has been invalidated")
      }
      let wanted = spec.audiences ?? claims.aud
      let audiences = wanted.filter(claims.aud.contains)
      guard !audiences.isEmpty else {
        return Review.Status(authenticated: false, error: "token audiences \(claims.aud) is invalid")
      }
      let namespace = claims.kubernetes.namespace
      return Review.Status(
        authenticated: true,
        user: Review.User(
          username: claims.sub, uid: claims.kubernetes.serviceaccount.uid,
          groups: ["system:serviceaccounts", "system:serviceaccounts:\(namespace)", "system:authenticated"],
          extra: [
            "authentication.kubernetes.io/pod-uid": claims.kubernetes.pod.map { [$0.uid] },
            "authentication.kubernetes.io/node-name": claims.kubernetes.node.map { [$0.name] },
          ].compactMapValues(\.self)),
        audiences: audiences)
    }

    private static func json(_ body: Data, _ status: Status) -> Response {
      Response(status, fields: ["Content-Type": "application/json"], body: Array(body))
    }
  }

  /// A request may omit its kind, which the path tells, and may contain a status, which is ignored.
  private struct Question: Decodable {
    let spec: Review.Spec
  }

  private struct Review: Encodable {
    struct Spec: Codable {
      let token: String
      let audiences: [String]?
    }
    struct User: Encodable {
      let username: String
      let uid: String
      let groups: [String]
      let extra: [String: [String]]
    }
    struct Status: Encodable {
      var authenticated: Bool
      var user: User?
      var audiences: [String]?
      var error: String?
    }
    let apiVersion = "authentication.k8s.io/v1"
    let kind = "TokenReview"
    let spec: Spec
    let status: Status
  }
}
