import Etcd
import Foundation
import TestSupport
import Testing
import ThrowawayEtcd

/// Nodes that are removed from the list and added to it, with a user for each component on each node.
@Suite(.startsEtcd, .timeLimit(.minutes(30))) struct ChangingNodesTests {
  @Test func oneNodeIsRemovedAndAnotherAddedWithoutEffectOnTheOthers() async throws {
    let folder = try TemporaryFolder()
    let server = try #require(Server.all.last)
    let cluster = try await ThrowawayEtcd.start(members: 1, binary: server.binary, in: folder.path)
    defer { cluster.stop() }
    func bulkhead(_ arguments: String...) throws -> Program.Outcome {
      try Program.run(Program.path, arguments, in: folder.path)
    }
    func list(_ nodes: String...) throws {
      try (nodes.joined(separator: "\n") + "\n").write(
        toFile: folder.path + "/nodes.txt", atomically: true, encoding: .utf8)
    }
    /// Writes one of the node's own keys with the node's certificate.
    func write(_ node: String) throws -> Program.Outcome {
      let own = folder.path + "/pki/clients/cni-plugin.\(node)"
      return try Program.run(
        server.etcdctl,
        [
          "--endpoints=\(cluster.endpoints[0])", "--cacert=\(cluster.serverAuthority)", "--cert=\(own).crt",
          "--key=\(own).key", "put", "/calico/ipam/v2/host/\(node)/ipv4/block/10.0.0.0-26", "x",
        ], in: folder.path, environment: ["ETCDCTL_API": "3"])
    }
    func isRefused(_ node: String) throws -> Bool {
      let outcome = try write(node)
      return outcome.code != 0 && outcome.error.contains("permission denied")
    }
    func connected<Result: Sendable>(
      _ body: @Sendable (EtcdClient) async throws -> Result
    ) async throws -> Result {
      try await EtcdClient.connect(to: cluster.endpoints, as: cluster.root, timeout: .seconds(120), body)
    }
    /// Every change of users and roles increases it by one.
    func revision() async throws -> Int64 {
      try #require(await Metrics.read(from: cluster.endpoints[0], as: cluster.root).authRevision)
    }
    func names() async throws -> (users: Set<String>, roles: Set<String>) {
      try await connected { (users: Set(try await $0.users()), roles: Set(try await $0.roles())) }
    }

    #expect(
      try bulkhead(
        "init", "--ca", "etcd-ca/ca.crt", "--endpoint", "\(cluster.endpoints[0])", "--component",
        "calico-node",
        "--component", "cni-plugin"
      ).code == 0)
    let file = folder.path + "/bulkhead.yaml"
    let text = try String(contentsOfFile: file, encoding: .utf8)
    try (text + "isolation: node-user\nnodes: [n1]\n").write(toFile: file, atomically: true, encoding: .utf8)
    try list("n1", "n2", "n3", "n4")
    #expect(try bulkhead("certs", "issue", "--nodes", "nodes.txt").code == 0)
    try list("n1", "n2", "n3")
    let applied = try bulkhead("apply", "--enable-auth", "--watch", "0", "--nodes", "nodes.txt")
    #expect(applied.code == 0, "\(applied.all)")
    for node in ["n1", "n2", "n3"] { #expect(try write(node).code == 0) }
    #expect(try isRefused("n4"))

    // Removed: two users, and the roles that only they had.
    let before = try await names()
    let gone = before.users.union(before.roles).filter { $0.hasSuffix(".n2") }
    #expect(before.users.intersection(gone) == ["calico-node.n2", "cni-plugin.n2"])
    try list("n1", "n3")
    #expect(try bulkhead("apply", "--nodes", "nodes.txt").code == 1, "whose access ends, somebody has to say")
    var start = try await revision()
    #expect(try await names() == before)
    let out = try bulkhead("apply", "--yes", "--nodes", "nodes.txt")
    #expect(out.code == 0, "\(out.all)")
    #expect(
      try await revision() - start
        == Int64(before.users.intersection(gone).count + before.roles.intersection(gone).count))
    let after = try await names()
    #expect(after.users == before.users.subtracting(gone) && after.roles == before.roles.subtracting(gone))
    #expect(try isRefused("n2"))
    for node in ["n1", "n3"] { #expect(try write(node).code == 0) }

    // Added: the new node's users, roles and their grants, each written once.
    try list("n1", "n3", "n4")
    start = try await revision()
    let into = try bulkhead("apply", "--nodes", "nodes.txt")
    #expect(into.code == 0, "\(into.all)")
    let now = try await names()
    let new = (users: now.users.subtracting(after.users), roles: now.roles.subtracting(after.roles))
    #expect(new.users == ["calico-node.n4", "cni-plugin.n4"])
    #expect(after.users.isSubset(of: now.users) && after.roles.isSubset(of: now.roles))
    let held = try await connected { etcd in
      var count = 0
      for user in new.users { count += try await etcd.roles(ofUser: user).count }
      for role in new.roles { count += try await etcd.permissions(ofRole: role).count }
      return count
    }
    #expect(try await revision() - start == Int64(new.users.count + new.roles.count + held))
    #expect(try isRefused("n2"))
    for node in ["n1", "n3", "n4"] { #expect(try write(node).code == 0) }
    #expect(try bulkhead("plan", "--nodes", "nodes.txt").code == 0)
  }
}
