import Certificates
import Foundation
import Synchronization
import TestSources
import Testing

@testable import AuthorityServer

/// Pods that send the token of their service account.
@Suite(.timeLimit(.minutes(30))) struct ServiceAccountTests {
  private static let issuer = "https://kubernetes.default.svc.cluster.local"
  private let cluster = ClusterDouble(issuer: issuer)

  private func settings(_ authority: TestAuthority) throws -> ServiceAccountSettings {
    let file = try authority.file("jwks.json", cluster.keySet())
    return ServiceAccountSettings(keys: .file(file), issuer: Self.issuer, audience: "bulkhead")
  }

  @Test func aPodGetsTheIdentitiesOfItsNodeAndServiceAccount() async throws {
    let authority = try TestAuthority()
    let accounts = try settings(authority)
    let node = try cluster.token(account: "calico-node", node: "node-1")
    let central = try cluster.token(account: "calico-kube-controllers", node: "node-2")
    try await authority.serving {
      $0.serviceAccounts = accounts
    } _: { server async throws in
      for (name, token, status) in [
        ("calico-node.node-1", node, 200), ("cni-plugin.node-1", node, 200),
        ("calico-node.node-2", node, 403),
        ("kube-controllers", node, 403), ("kube-controllers", central, 200),
        ("calico-node.node-2", central, 403),
        ("root", central, 403), ("alice", node, 403),
      ] {
        let answer = try await server.enrol(name, with: token)
        #expect(answer.status == status, "\(name): \(answer.body)")
      }
    }
    let entry = try #require(try authority.auditEntries().first)
    #expect(entry.method == "service-account")
    #expect(entry.proof == "kube-system/calico-node")
    #expect(try authority.issued().map(\.node) == ["node-1", "node-1", "node-2"])
  }

  /// The keys as the API server publishes them to clients with a token, over TLS of the cluster's own
  /// authority.
  @Test func onlyTheClustersOwnKeysAreFetched() async throws {
    let pod = try cluster.token(account: "calico-node", node: "node-1")
    try await APIServer.with(cluster) { api in
      let authority = try TestAuthority()
      let own = try authority.file("kubernetes.crt", api.authority)
      let good = try authority.file("good", cluster.token(account: "bulkhead", node: nil) + "\n")
      let bad = try authority.file("bad", "another")
      for (ca, token, status) in [
        (own, good, 200), (authority.pki + "/ca.crt", good, 503), (nil, good, 503), (own, bad, 503),
        (own, nil, 503),
      ] {
        let keys = ServiceAccountSettings.Keys.url(
          api.url + "/openid/v1/jwks", authority: ca, tokenFile: token)
        let answer = try await authority.serving {
          $0.serviceAccounts = ServiceAccountSettings(keys: keys, issuer: Self.issuer, audience: "bulkhead")
        } _: {
          try await $0.enrol("calico-node.node-1", with: pod)
        }
        #expect(answer.status == status, "\(answer.body)")
        if status == 503 { #expect(answer.error == "the cluster's keys cannot be read") }
      }
    }
  }

  @Test func aTokenWithoutANodeGetsNoNodesIdentity() async throws {
    for isolation in ["node-user", "node-certificate"] {
      let authority = try TestAuthority(isolation: isolation)
      let token = try cluster.token(account: "calico-node", node: nil)
      let name = isolation == "node-user" ? "calico-node.node-1" : "calico-node"
      let own = try settings(authority)
      let answer = try await authority.serving {
        $0.serviceAccounts = own
      } _: {
        try await $0.enrol(name, with: token)
      }
      #expect(answer.status == 403)
      #expect(answer.error == "\"\(name)\" belongs to a node, and nothing proves which node asks")
      #expect(answer.body.contains("Kubernetes 1.32"))
    }
  }

  @Test func refusesTokensForAnotherPurpose() async throws {
    let authority = try TestAuthority()
    let own = try settings(authority)
    let stranger = ClusterDouble(issuer: Self.issuer)
    let good = try cluster.token(account: "calico-node", node: "node-1")
    let parts = good.split(separator: ".").map(String.init)
    func unsigned(_ algorithm: String) -> String {
      let header = Data("{\"alg\":\"\(algorithm)\",\"typ\":\"JWT\",\"kid\":\"\(ClusterDouble.keyID)\"}".utf8)
      return "\(ClusterDouble.base64URL(header)).\(parts[1])."
    }
    let tokens: [(String, String)] = [
      (try stranger.token(account: "calico-node", node: "node-1"), "neither"),
      (unsigned("none"), "neither"), (unsigned("HS256"), "neither"), (unsigned("ES256"), "neither"),
      (unsigned("HS256") + (try cluster.signedWithThePublicKeyAsSecret(unsigned("HS256"))), "neither"),
      ("\(parts[0]).\(parts[1]).\(String(parts[2].reversed()))", "neither"), ("a.b.c", "neither"),
      ("..", "neither"),
      (try cluster.token(account: "calico-node", node: "node-1", audience: ["other"]), "audience"),
      (try cluster.token(account: "calico-node", node: "node-1", audience: []), "audience"),
      (try cluster.token(account: "calico-node", node: "node-1", lasting: -1), "expired"),
      (try cluster.token(account: "calico-node", node: "node-1", issuer: "https://evil"), "issuer"),
      (
        try cluster.token(account: "calico-node", node: "node-1", subject: "system:serviceaccount:x:y"),
        "contradicts"
      ),
      (try cluster.token(account: "calico-node", node: "node-1", keyID: "unknown"), "neither"),
    ]
    let answers = try await authority.serving {
      $0.serviceAccounts = own
    } _: { server in
      var answers: [TestServer.Answer] = []
      for (token, _) in tokens { answers.append(try await server.enrol("calico-node.node-1", with: token)) }
      answers.append(
        try await server.enrol(
          "calico-node.node-1", with: try cluster.token(account: "default", node: "node-1")))
      answers.append(try await server.enrol("calico-node.node-1", with: good))
      return answers
    }
    for ((token, reason), answer) in zip(tokens, answers) {
      #expect(answer.status == 401, "\(token)")
      #expect(answer.error?.contains(reason) == true, "\(reason): \(answer.body)")
    }
    #expect(answers.suffix(2).map(\.status) == [403, 200])
    let log = try String(contentsOfFile: authority.audit, encoding: .utf8)
    #expect(!log.contains(parts[2]))
  }

  @Test func findsNewKeysAndLimitsHowOftenTheyAreRead() async throws {
    let reads = Counter()
    let old = ClusterDouble(issuer: Self.issuer, keyID: "old")
    let new = ClusterDouble(issuer: Self.issuer, keyID: "new")
    let sets = [old.keySet(), new.keySet()]
    let keys = ClusterKeys { Array(sets[min(reads.next(), 1)].utf8) }
    let start = ContinuousClock.now
    #expect(try await keys.keys(for: "old", now: start).algorithms == ["old": "ES256"])
    // For some time no token makes the server read the keys again, with any key id.
    for _ in 0..<100 {
      #expect(try await keys.keys(for: "new", now: start + .seconds(5)).algorithms["new"] == nil)
    }
    #expect(reads.count == 1)
    #expect(try await keys.keys(for: "new", now: start + .seconds(20)).algorithms == ["new": "ES256"])
    // A key that the cluster withdrew is removed after some time.
    #expect(reads.count == 2)
    _ = try await keys.keys(for: "new", now: start + .seconds(100))
    #expect(reads.count == 2)
    _ = try await keys.keys(for: "new", now: start + .seconds(1_000))
    #expect(reads.count == 3)
  }
}

private final class Counter: Sendable {
  private let lock = NSLock()
  nonisolated(unsafe) private(set) var count = 0
  func next() -> Int {
    lock.withLock {
      defer { count += 1 }
      return count
    }
  }
}
