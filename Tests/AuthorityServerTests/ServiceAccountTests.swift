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
    let uid = ClusterDouble.uid(ClusterDouble.pod(of: "calico-node"))
    #expect(entry.pod == uid)
    #expect(entry.token?.isEmpty == false)
    #expect(try authority.issued().first?.podUID == uid)
    #expect(entry.method == "service-account")
    #expect(entry.proof == "kube-system/calico-node")
    #expect(try authority.issued().map(\.node) == ["node-1", "node-1", "node-2"])
  }

  /// The token has Kubernetes' name of the node, the identity Calico's.
  @Test(arguments: ["node-user", "node-certificate"])
  func aNodeWithAnotherNameInKubernetesGetsItsOwnIdentities(isolation: String) async throws {
    let authority = try TestAuthority(
      isolation: isolation, nodes: ["host-1: {kubernetes: ip-1.internal}", "node-2"])
    let accounts = try settings(authority)
    func name(_ node: String) -> String { isolation == "node-user" ? "calico-node.\(node)" : "calico-node" }
    let mapped = try cluster.token(account: "calico-node", node: "ip-1.internal")
    let unmapped = try cluster.token(account: "calico-node", node: "node-2")
    // In Kubernetes another node has the name that the first one has in Calico.
    let stranger = try cluster.token(account: "calico-node", node: "host-1")
    try await authority.serving {
      $0.serviceAccounts = accounts
    } _: { server async throws in
      #expect(try await server.enrol(name("host-1"), with: mapped).status == 200)
      #expect(try await server.enrol(name("node-2"), with: unmapped).status == 200)
      let refused = try await server.enrol(name("host-1"), with: stranger)
      #expect(refused.status == 403 && refused.body.contains("another name in Kubernetes"), "\(refused.body)")
      if isolation == "node-user" {
        #expect(try await server.enrol("calico-node.ip-1.internal", with: mapped).status == 403)
        #expect(try await server.enrol("calico-node.node-2", with: mapped).status == 403)
      }
    }
    #expect(try authority.issued().map(\.node) == ["host-1", "node-2"])
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
      #expect(answer.body.contains("Kubernetes 1.30 or later"))
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

  /// Calico's ClusterRole calico-node may create tokens for `calico-cni-plugin`, and the requester of a token
  /// that is bound to a node object chooses the node.
  @Test func refusesATokenThatIsBoundToANodeAlone() async throws {
    let authority = try TestAuthority()
    let accounts = try settings(authority)
    try await authority.serving {
      $0.serviceAccounts = accounts
    } _: { server in
      let requested = try await server.enrol(
        "cni-plugin.node-2",
        with: try cluster.token(account: "calico-cni-plugin", node: "node-2", hasPod: false))
      #expect(requested.status == 403)
      #expect(
        requested.error == "the service account kube-system/calico-cni-plugin is for no component",
        "no pod of Calico runs with this account")
      let mapped = try await server.enrol(
        "cni-plugin.node-2", with: try cluster.token(account: "calico-node", node: "node-2", hasPod: false))
      #expect(mapped.status == 403)
      #expect(mapped.error == "the service-account token names no pod")
    }
    #expect(try authority.issued().isEmpty)
  }

  @Test(arguments: [UUID().uuidString, nil])
  func aTokenGetsOneCertificateForEachIdentity(id: String?) async throws {
    let authority = try TestAuthority()
    let accounts = try settings(authority)
    let token = try cluster.token(account: "calico-node", node: "node-1", id: id)
    // Another valid signature of the same token: (r, n - s) instead of (r, s).
    let parts = token.split(separator: ".")
    let twin = try "\(parts[0]).\(parts[1]).\(Self.otherSignature(String(parts[2])))"
    let statuses = try await authority.serving {
      $0.serviceAccounts = accounts
    } _: { server in
      let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
        for number in 0..<16 {
          let sent = number.isMultiple(of: 2) ? token : twin
          group.addTask { try await server.enrol("calico-node.node-1", with: sent).status }
        }
        return try await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
      }
      #expect(try await server.enrol("cni-plugin.node-1", with: token).status == 200)
      let refused = try await server.enrol("cni-plugin.node-1", with: twin)
      #expect(refused.status == 401)
      #expect(refused.error == "the service-account token was used for \"cni-plugin.node-1\" already")
      // The kubelet's next token of the same pod.
      let next = try cluster.token(account: "calico-node", node: "node-1")
      #expect(try await server.enrol("cni-plugin.node-1", with: next).status == 200)
      return statuses
    }
    #expect(statuses == [200: 1, 401: 15])
    #expect(try authority.issued().count == 3)
  }

  /// The signature with n - s for s, where n is the order of P-256 (SEC 2, section 2.4.2).
  private static func otherSignature(_ text: String) throws -> String {
    let padded = text.replacing("-", with: "+").replacing("_", with: "/")
    let signature = [UInt8](try #require(Data(base64Encoded: padded + "==")))
    let order: [UInt8] = [
      0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ]
    var difference = [UInt8](repeating: 0, count: 32)
    var borrow = 0
    for index in (0..<32).reversed() {
      let digit = Int(order[index]) - Int(signature[32 + index]) - borrow
      borrow = digit < 0 ? 1 : 0
      difference[index] = UInt8(digit & 0xff)
    }
    return ClusterDouble.base64URL(signature.prefix(32) + difference)
  }

  @Test func aTokenThatIsValidForLongIsRefused() async throws {
    let authority = try TestAuthority()
    let accounts = try settings(authority)
    let token = try cluster.token(account: "calico-node", node: "node-1", lasting: 86_400)
    let answer = try await authority.serving {
      $0.serviceAccounts = accounts
    } _: {
      try await $0.enrol("calico-node.node-1", with: token)
    }
    #expect(answer.status == 401)
    #expect(answer.error == "the service-account token is valid for more than an hour")
  }

  @Test func asksTheAPIServerWhetherThePodExists() async throws {
    let node = ClusterDouble.uid(ClusterDouble.pod(of: "calico-node"))
    for (deleted, account, status) in [
      (Set<String>(), APIServer.reviewer, 200), ([node], APIServer.reviewer, 401),
      // An account that may not review tokens: nothing is known of the pod, and nothing is issued.
      ([], "default", 503),
    ] {
      try await APIServer.with(cluster, deletedPods: deleted) { api in
        let authority = try TestAuthority()
        var accounts = try settings(authority)
        accounts.reviewer = .init(
          url: api.url, authority: try authority.file("kubernetes.crt", api.authority),
          tokenFile: try authority.file("reviewer", cluster.token(account: account, node: nil)))
        let pod = try cluster.token(account: "calico-node", node: "node-1")
        let settings = accounts
        let answer = try await authority.serving {
          $0.serviceAccounts = settings
        } _: {
          try await $0.enrol("calico-node.node-1", with: pod)
        }
        #expect(answer.status == status, "\(answer.body)")
        #expect(try authority.issued().count == (status == 200 ? 1 : 0))
      }
    }
  }

  @Test func keysThatCannotBeReadForAnHourAreNotTrusted() async throws {
    let isAway = Mutex(false)
    let set = cluster.keySet()
    let keys = ClusterKeys {
      if isAway.withLock({ $0 }) { throw KeysUnavailable() }
      return Array(set.utf8)
    }
    let start = ContinuousClock.now
    _ = try await keys.keys(for: ClusterDouble.keyID, now: start)
    isAway.withLock { $0 = true }
    for seconds in [700, 3_599] {
      _ = try await keys.keys(for: ClusterDouble.keyID, now: start + .seconds(seconds))
    }
    for seconds in [3_601, 3_605, 90_000] {
      await #expect(throws: KeysUnavailable.self, "\(seconds)") {
        try await keys.keys(for: ClusterDouble.keyID, now: start + .seconds(seconds))
      }
    }
    #expect(await keys.age(now: start + .seconds(90_000)) == .seconds(90_000))
    isAway.withLock { $0 = false }
    _ = try await keys.keys(for: ClusterDouble.keyID, now: start + .seconds(90_020))
    #expect(await keys.age(now: start + .seconds(90_020)) == .zero)
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
