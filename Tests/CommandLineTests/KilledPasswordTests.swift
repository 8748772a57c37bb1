import Etcd
import Foundation
import Keyspace
import TestSupport
import Testing
import ThrowawayEtcd

/// The program is killed at any moment while it creates users with passwords: each password is in a file
/// before etcd gets it, and at no moment can anyone but the owner read it.
@Suite(.startsEtcd, .timeLimit(.minutes(30))) struct KilledPasswordTests {
  private let folder: TemporaryFolder
  private var clients: String { folder.path + "/pki/clients" }

  init() throws { folder = try TemporaryFolder() }

  private func bulkhead(_ arguments: String...) throws -> Program.Outcome {
    try Program.run(Program.path, arguments, in: folder.path)
  }

  private func write(nodes: Int, _ cluster: ThrowawayEtcd) throws {
    let file = """
      apiVersion: bulkhead/v1
      kind: Segmentation
      cluster: test
      calico: {version: v3.32.1}
      etcd:
        endpoints: ["\(cluster.endpoints[0])"]
        ca: etcd-ca/ca.crt
        certificate: pki/clients/root.crt
        key: pki/clients/root.key
      components: [cni-plugin, dhcp-agent]
      isolation: node-user
      nodes: [\((1...nodes).map { "node-\($0)" }.joined(separator: ", "))]

      """
    try file.write(toFile: folder.path + "/bulkhead.yaml", atomically: true, encoding: .utf8)
  }

  /// The files in the folder of the passwords besides certificates: passwords, and what a killed process left
  /// behind.
  private func secrets() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: clients).filter {
      $0.hasSuffix(".password") || $0.hasPrefix(".bulkhead-")
    }
  }

  private func password(of user: String) throws -> String {
    try String(contentsOfFile: "\(clients)/\(user).password", encoding: .utf8)
      .trimmingCharacters(in: .newlines)
  }

  /// Every secret is readable by its owner only, and every password is complete.
  private func expectPrivateAndWhole(_ round: Int) throws {
    for name in try secrets() {
      let mode = try FileManager.default.attributesOfItem(atPath: "\(clients)/\(name)")[.posixPermissions]
      #expect(mode as? Int == 0o600, "\(name) in round \(round)")
      guard name.hasSuffix(".password") else { continue }
      let text = try String(contentsOfFile: "\(clients)/\(name)", encoding: .utf8)
      #expect(text.wholeMatch(of: /[A-Za-z0-9]{40}\n/) != nil, "\(name) in round \(round)")
    }
  }

  /// Every user in etcd can log in with the password in its file, and with no other.
  private func expectLogins(_ etcd: EtcdClient, among users: [String], _ round: Int) async throws {
    for user in users where user.hasPrefix("dhcp-agent.") {
      let fault = try await etcd.passwordFault(ofUser: user, passwords: [try password(of: user)])
      #expect(fault == nil, "\(user) in round \(round)")
    }
  }

  @Test(arguments: Server.all.filter { $0.version == "3.5.30" && $0.members == 1 })
  func everyPasswordIsInItsFileAndNoUserLosesAccess(server: Server) async throws {
    let cluster = try await ThrowawayEtcd.start(members: 1, binary: server.binary, in: folder.path)
    defer { cluster.stop() }
    try write(nodes: 1, cluster)
    #expect(try bulkhead("certs", "issue").code == 0)
    let first = try bulkhead("apply", "--enable-auth", "--watch", "0")
    #expect(first.code == 0, "\(first.all)")
    let old = try password(of: "dhcp-agent.node-1")

    try await EtcdClient.connect(to: cluster.endpoints, as: cluster.root, timeout: .seconds(120)) { etcd in
      let seed = UInt64.random(in: 0...(.max))
      var random = SeededGenerator(seed: seed)
      for round in 1...6 {
        try write(nodes: 1 + 3 * round, cluster)
        let before = (files: try secrets(), revision: try await authRevision(cluster))
        let apply = try Running(["apply"], in: folder.path)
        // From the first file that is started, and from the first change that etcd has made.
        while apply.process.isRunning {
          if round % 2 == 1 {
            if try secrets() != before.files { break }
          } else if try await authRevision(cluster) != before.revision {
            break
          }
        }
        try await Task.sleep(for: .milliseconds(round < 3 ? 0 : Int.random(in: 0...250, using: &random)))
        apply.send(SIGKILL)
        apply.process.waitUntilExit()

        try expectPrivateAndWhole(round)
        try await expectLogins(etcd, among: try await etcd.users(), round)
        #expect(try password(of: "dhcp-agent.node-1") == old)
        try await expectAccess(etcd, old, cluster)
        // The lock of the killed process; another test shows that it expires.
        if let lease = try await etcd.entries(in: .key("/bulkhead/v1/lock")).first?.lease {
          try await etcd.revoke(lease)
        }

        let next = try bulkhead("apply", "--wait", "60")
        #expect(next.code == 0, "seed \(seed): \(next.all)")
        try expectPrivateAndWhole(round)
        let users = try await etcd.users()
        #expect(users.count { $0.hasPrefix("dhcp-agent.") } == 1 + 3 * round)
        try await expectLogins(etcd, among: users, round)
        let settled = try bulkhead("plan", "--full")
        #expect(settled.code == 0, "\(settled.all)")
      }
    }
  }

  private func authRevision(_ cluster: ThrowawayEtcd) async throws -> Int64? {
    try await Metrics.read(from: cluster.endpoints[0], as: cluster.root).authRevision
  }

  /// The users of before, with password and with certificate, keep their access.
  private func expectAccess(_ root: EtcdClient, _ password: String, _ cluster: ThrowawayEtcd) async throws {
    let agent = try await root.login("dhcp-agent.node-1", password: password)
    #expect(await agent.mayRead(.prefix("/calico/dhcp/v1/subnet")) == .allowed)
    try await EtcdClient.connect(to: cluster.endpoints, as: cluster.credentials(of: "cni-plugin.node-1")) {
      #expect(await $0.mayRead(.prefix("/calico/ipam/v2/handle/")) == .allowed)
    }
  }
}
