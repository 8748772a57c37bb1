import Etcd
import Foundation
import TestSupport
import Testing
import ThrowawayEtcd

/// A cluster that was set up manually with etcdctl, then described, adopted and corrected.
@Suite(.serialized, .startsEtcd, .timeLimit(.minutes(30))) struct FromClusterTests {
  private struct Hand {
    let server: Server
    let cluster: ThrowawayEtcd
    let folder: TemporaryFolder

    init(_ server: Server) async throws {
      self.server = server
      folder = try TemporaryFolder()
      cluster = try await ThrowawayEtcd.start(members: 1, binary: server.binary, in: folder.path)
    }

    func bulkhead(_ arguments: String...) throws -> Program.Outcome {
      try Program.run(Program.path, arguments, in: folder.path)
    }

    /// Runs lines in bash, as an administrator types them.
    @discardableResult func bash(_ lines: String) throws -> String {
      let credentials = cluster.root
      let outcome = try Program.run(
        "/bin/bash", ["-c", "set -eu\n" + lines], in: folder.path,
        environment: [
          "ETCDCTL_API": "3", "ETCDCTL_ENDPOINTS": "\(cluster.endpoints[0])",
          "ETCDCTL_CACERT": credentials.authority, "ETCDCTL_CERT": credentials.certificate,
          "ETCDCTL_KEY": credentials.key,
          "PATH": URL(fileURLWithPath: server.etcdctl).deletingLastPathComponent().path + ":/usr/bin:/bin",
        ])
      #expect(outcome.code == 0, "\(outcome.all)")
      return outcome.out
    }

    func initialise() throws -> Program.Outcome {
      try bulkhead(
        "init", "--from-cluster", "--cluster", "found", "--endpoint", "\(cluster.endpoints[0])", "--ca",
        "etcd-ca/ca.crt", "--certificate", "pki/clients/root.crt", "--key", "pki/clients/root.key")
    }

    var file: String { folder.path + "/bulkhead.yaml" }

    func edit(_ change: (String) -> String) throws {
      try change(try String(contentsOfFile: file, encoding: .utf8)).write(
        toFile: file, atomically: true, encoding: .utf8)
    }
  }

  private static let servers = [Server.all.first, Server.all.last].compactMap { $0 }

  /// The roles of the catalogue as etcdctl lines of a plan, which an administrator would copy to set a
  /// cluster up.
  private func tables(_ hand: Hand) throws -> String {
    let other = try TemporaryFolder()
    let made = try Program.bulkhead(
      "init", "--cluster", "x", "--calico", "v3.26", "--ca", hand.cluster.serverAuthority, "--certificate",
      hand.cluster.root.certificate, "--key", hand.cluster.root.key, "--endpoint",
      "\(hand.cluster.endpoints[0])", "--calicoctl", "alice=read-only", "--apiserver",
      "kube-apiserver-etcd-client", in: other.path)
    #expect(made.code == 0, "\(made.all)")
    let plan = try Program.bulkhead("plan", in: other.path)
    return plan.out.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
      .filter { $0.hasPrefix("etcdctl ") }.joined(separator: "\n")
  }

  @Test(arguments: servers) func aClusterSetUpManuallyIsDescribedAndCorrected(server: Server) async throws {
    let hand = try await Hand(server)
    defer { hand.cluster.stop() }
    try hand.bash(
      try tables(hand) + """

        etcdctl put /calico/resources/v3/projectcalico.org/clusterinformations/default \
          '{"kind":"ClusterInformation","spec":{"calicoVersion":"v3.26.4"}}'
        etcdctl user add ops --no-password
        etcdctl user grant-role ops root
        etcdctl role add backup
        etcdctl role grant-permission backup read /calico/ --prefix
        etcdctl role grant-permission backup readwrite '/backup/*lock'
        etcdctl role add shared
        etcdctl role grant-permission shared read /a
        etcdctl role grant-permission shared read /a /c
        etcdctl role grant-permission shared read --from-key /z
        for user in backup one two; do etcdctl user add $user --no-password; done
        etcdctl user grant-role backup backup
        for user in backup one two; do etcdctl user grant-role $user shared; done
        etcdctl user grant-role two calicoctl-read-only
        etcdctl user add idle --no-password
        etcdctl user add clerk:secret
        etcdctl user grant-role clerk shared
        etcdctl role add unused
        etcdctl auth enable
        """)
    let described = try hand.initialise()
    #expect(described.code == 0, "\(described.all)")
    let text = try String(contentsOfFile: hand.file, encoding: .utf8)
    for part in [
      "version: v3.26\n", "roles: corrected", "components: [calico-node, cni-plugin, kube-controllers]",
      "- {user: alice, access: read-only}", "apiserver: kube-apiserver-etcd-client", "- user: backup",
      "prefix: /calico/, access: read", #""/backup/\\x2alock""#, "from: /a, to: /c", "from: /z, access: read",
      "roles: [calicoctl-read-only, shared]", "- {user: ops, why: \"has the role root in the cluster\"}",
      "# not described: the user idle", "# not described: the user clerk, which logs in with a password",
    ] {
      #expect(text.contains(part), "\(part) in\n\(text)")
    }
    let plan = try hand.bulkhead("plan")
    // clerk reaches keys that the file gives to others.
    #expect(plan.code == 2 && plan.out.contains("foreign user: user clerk"), "\(plan.all)")
    #expect(plan.out.contains("foreign role: role unused: it may do nothing; no user has it"))

    // Manual faults.
    try hand.bash(
      """
      etcdctl role grant-permission calico-node readwrite /registry/ --prefix
      etcdctl role revoke-permission cni-plugin /calico/ipam/v2/ --prefix
      etcdctl role add spy
      etcdctl role grant-permission spy read '' --prefix
      etcdctl user grant-role kube-controllers spy
      etcdctl user delete alice
      etcdctl user add mallory:hunter2
      etcdctl user grant-role mallory spy
      etcdctl role grant-permission shared readwrite /a /c
      """)
    let faults = try hand.bulkhead("plan")
    #expect(faults.code == 2)
    for part in [
      "extra: role calico-node: it may read and write /registry/* too",
      "foreign role on a managed user: user kube-controllers: it has the role spy too, and may read ",
      "foreign user: user mallory: it may read ", "+ make the user alice, without a password",
    ] {
      #expect(faults.out.contains(part), "\(part) in\n\(faults.out)")
    }
    #expect(!faults.out.contains("take something away"))
    try hand.edit { $0 + "management: adopt\n" }
    let lines = try hand.bulkhead("plan").out
    #expect(lines.contains("no longer let calico-node read and write /registry/*"))
    #expect(lines.contains("duplicate entry: role shared: [/a, /c) appears in it 2 times"), "\(lines)")

    // The plan's own lines correct the cluster, as etcdctl and bulkhead both confirm.
    try hand.bash(
      lines.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
        .filter { $0.hasPrefix("etcdctl ") }.joined(separator: "\n"))
    let brought = try hand.bulkhead("plan")
    // mallory still reads the file's keys.
    #expect(
      brought.code == 2 && brought.out.contains("no change is planned")
        && brought.out.contains("user mallory"), "\(brought.all)")
    #expect(try !hand.bash("etcdctl role get calico-node").contains("/registry/"))
    #expect(try !hand.bash("etcdctl user get kube-controllers").contains("spy"))

    // After adoption Bulkhead manages it; `authoritative` then removes all others, except root and
    // kube-apiserver.
    let adopted = try hand.bulkhead("apply")
    // As in the plan, mallory counts.
    #expect(adopted.code == 2 && adopted.out.contains("found: user mallory"), "\(adopted.all)")
    #expect(!adopted.out.contains("nothing to do"), "\(adopted.all)")
    #expect(try hand.bash("etcdctl get --prefix /bulkhead/v1/records/").contains("calico-node"))
    try hand.edit { $0.replacing("management: adopt", with: "management: authoritative") }
    let removals = try hand.bulkhead("apply")
    #expect(removals.code == 1 && removals.error.contains("delete the user mallory"), "\(removals.all)")
    #expect(try hand.bulkhead("apply", "--yes").code == 0)
    let users = try hand.bash("etcdctl user list").split(separator: "\n").map(String.init)
    #expect(
      Set(users) == [
        "alice", "backup", "calico-node", "cni-plugin", "kube-apiserver-etcd-client", "kube-controllers",
        "one", "ops", "root", "two",
      ])
    #expect(try hand.bulkhead("plan", "--full").code == 0)
  }

  @Test func aClusterWithUsersOnEachNodeIsDescribedByItsNodes() async throws {
    let hand = try await Hand(try #require(Server.all.last))
    defer { hand.cluster.stop() }
    #expect(
      try hand.bulkhead(
        "init", "--ca", "etcd-ca/ca.crt", "--endpoint", "\(hand.cluster.endpoints[0])", "--calico", "v3.29"
      ).code == 0)
    try hand.edit { $0 + "isolation: node-user\nnodes: [n1, n2, n3, n4]\n" }
    #expect(try hand.bulkhead("apply", "--enable-auth", "--watch", "0").code == 0)
    // One of them has been changed.
    try hand.bash("etcdctl role grant-permission cni-plugin.n2 read /other/ --prefix")
    try FileManager.default.removeItem(atPath: hand.file)
    let described = try hand.initialise()
    #expect(described.code == 0, "\(described.all)")
    let text = try String(contentsOfFile: hand.file, encoding: .utf8)
    #expect(text.contains("isolation: node-user\nnodes: [n1, n2, n3, n4]"), "\(text)")
    #expect(text.contains("# cni-plugin.n2 differs from the other nodes"))
    #expect(!text.contains("custom:"))
    // Another file of Bulkhead manages it, which this one replaces: apply restores it.
    let other = try hand.bulkhead("plan", "--full")
    #expect(other.code == 1 && other.error.contains("--take-over"), "\(other.all)")
    let plan = try hand.bulkhead("plan", "--full", "--take-over")
    #expect(plan.code == 2 && plan.out.contains("1 change, in this order"), "\(plan.all)")
    #expect(plan.out.contains("no longer let cni-plugin.n2 read /other/*"))
    #expect(try hand.bulkhead("apply", "--yes", "--take-over").code == 0)
    #expect(try hand.initialise().code == 1, "the file is there")
    try FileManager.default.removeItem(atPath: hand.file)
    #expect(try hand.initialise().code == 0)
    #expect(try hand.bulkhead("plan").code == 0)
  }

  @Test func aClusterWithoutUsersIsReportedAndNoFileIsWritten() async throws {
    let hand = try await Hand(try #require(Server.all.last))
    defer { hand.cluster.stop() }
    let outcome = try hand.initialise()
    #expect(outcome.code == 1)
    #expect(outcome.error.contains("has no users or roles that a file could describe"))
    #expect(!FileManager.default.fileExists(atPath: hand.file))
    #expect(try hand.bulkhead("init", "--from-cluster").code == 64)
  }
}
