import Etcd
import Foundation
import Keyspace
import Synchronization
import TestSupport
import Testing
import ThrowawayEtcd

/// Others on the etcd when authentication is turned on, and kube-apiserver without the role root.
@Suite(.serialized, .startsEtcd, .timeLimit(.minutes(15))) struct SwitchCommandTests {
  @Test func othersOnTheEtcdKeepWorking() async throws {
    let folder = try TemporaryFolder()
    let server = try #require(Server.all.last)
    let cluster = try await ThrowawayEtcd.start(members: 1, binary: server.binary, in: folder.path)
    defer { cluster.stop() }
    func bulkhead(_ arguments: String...) throws -> Program.Outcome {
      try Program.run(Program.path, arguments, in: folder.path)
    }
    func etcd<Result: Sendable>(
      _ body: @Sendable (EtcdClient) async throws -> Result
    ) async throws -> Result {
      try await EtcdClient.connect(
        to: cluster.endpoints, as: cluster.root, timeout: .seconds(60), body)
    }
    #expect(
      try bulkhead(
        "init", "--ca", "etcd-ca/ca.crt", "--endpoint", "\(cluster.endpoints[0])", "--component",
        "calico-node",
        "--component", "kube-controllers", "--apiserver", "kube", "--etcd-prefix", "/kubernetes.io"
      ).code == 0)
    #expect(try bulkhead("init", "--etcd-prefix", "/a").code == 64)
    #expect(try bulkhead("certs", "issue", "--root").code == 0)
    try await etcd { etcd in
      for key in ["/kubernetes.io/pods/a", "compact_rev_key", "/registry/pods/a", "/calico/x", "/service/pg"]
      {
        try await etcd.put([1], at: Key(key))
      }
    }

    // Keys that no user of the file reaches.
    #expect(try bulkhead("apply", "--unreachable", "/service/").code == 64)
    let refused = try bulkhead("apply", "--enable-auth")
    #expect(
      refused.code == 1
        && refused.error.contains("1 key of /registry/*, 1 key of /service/*; the programs that use them"),
      "\(refused.all)")
    #expect(refused.error.contains("--unreachable /registry/ --unreachable /service/"), "\(refused.all)")
    #expect(try await etcd { try await $0.users() }.isEmpty)
    let preflight = try bulkhead("preflight", "--unreachable", "/service")
    #expect(
      preflight.out.contains("error PF022 /registry/*: 1 key")
        && preflight.out.contains("info PF022 /service/*: 1 key"), "\(preflight.all)")
    #expect(preflight.out.contains("info PF032"), "\(preflight.all)")

    // While it is off, the result is JSON too.
    let off = try bulkhead("verify", "--output", "json")
    let json = try #require(try JSONSerialization.jsonObject(with: Data(off.out.utf8)) as? [String: Any])
    #expect(
      off.code == 2 && json["authOff"] as? [String] == ["etcd-1"] && json["isInForce"] as? Bool == false)

    let applied = try bulkhead(
      "apply", "--enable-auth", "--unreachable", "/service", "--unreachable", "/registry/", "--watch", "1")
    #expect(
      applied.code == 0 && applied.out.contains("the members refused no request in the"), "\(applied.all)")
    #expect(applied.error.contains("promote learners at the leader"), "\(applied.all)")

    // verify's refused requests would count: it waits for the process that holds the lock.
    let lease = try await etcd { etcd in
      let lease = try await etcd.grantLease(seconds: 600)
      _ = try await etcd.put(
        [1], at: "/bulkhead/v1/lock", with: lease, onlyIf: "/bulkhead/v1/lock", wasMadeAt: 0)
      return lease
    }
    let waited = try bulkhead("verify", "--wait", "0")
    #expect(
      waited.code == 1 && waited.error.contains("counts refused requests")
        && waited.error.contains("--wait SECONDS"),
      "\(waited.all)")
    try await etcd { try await $0.revoke(lease) }

    // The API server's root is taken away as a step of its own.
    let file = "\(folder.path)/bulkhead.yaml"
    let text = try String(contentsOfFile: file, encoding: .utf8)
    try text.replacing("features: []", with: "features: [apiserver-without-compaction]")
      .write(toFile: file, atomically: true, encoding: .utf8)
    let plan = try bulkhead("plan")
    #expect(plan.code == 2 && plan.out.contains("take the role root from kube"), "\(plan.all)")
    #expect(
      plan.error.contains("without the role root it cannot read the status of etcd-1 (3.5.30)"), "\(plan.all)"
    )
    let taken = try bulkhead("apply", "--yes", "--watch", "1")
    #expect(
      taken.code == 0 && taken.out.contains("kube-apiserver (kube) has no role root any more"), "\(taken.all)"
    )
    #expect(try await etcd { try await $0.roles(ofUser: "kube") } == ["kube-apiserver"])
    #expect(
      try await etcd { try await $0.permissions(ofRole: "kube-apiserver") }.map { "\($0.grant)" } == [
        "readwrite /kubernetes.io/*"
      ])
    #expect(try bulkhead("plan").code == 0)

    // It still compacts: its requests are refused without root, and it gets root back.
    try await etcd { try await $0.grant(role: "root", toUser: "kube") }
    let openssl = try Program.run(
      "/bin/sh",
      [
        "-c",
        """
        openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=kube -keyout kube.key -out kube.csr
        openssl x509 -req -in kube.csr -CA pki/ca.crt -CAkey pki/ca.key -CAcreateserial -days 2 -out kube.crt
        """,
      ], in: folder.path)
    #expect(openssl.code == 0, "\(openssl.all)")
    let kube = ClientCredentials(
      authority: cluster.serverAuthority, certificate: "\(folder.path)/kube.crt",
      key: "\(folder.path)/kube.key")
    let reads = Counter()
    let compactor = Task {
      try await EtcdClient.connect(to: cluster.endpoints, as: kube, timeout: .seconds(60)) { etcd in
        while !Task.isCancelled {
          _ = try? await etcd.value(of: "compact_rev_key")
          reads.add()
          try? await Task.sleep(for: .milliseconds(100))
        }
      }
    }
    #expect(try await eventually { reads.count > 0 })
    let back = try await aside {
      try Program.run(Program.path, ["apply", "--yes", "--watch", "10"], in: folder.path)
    }
    compactor.cancel()
    try await compactor.value
    #expect(
      back.code == 2 && back.out.contains("kube-apiserver (kube) has the role root again"), "\(back.all)")
    #expect(try await etcd { try await $0.roles(ofUser: "kube") } == ["kube-apiserver", "root"])
  }
}

private final class Counter: Sendable {
  private let value = Mutex(0)
  var count: Int { value.withLock { $0 } }
  func add() { value.withLock { $0 += 1 } }
}
