import Etcd
import Foundation
import Keyspace
import TestClusters
import TestSupport
import Testing
import ThrowawayEtcd

/// An etcd that was restored from a snapshot, as `Documentation/restore.md` describes it.
@Suite(.serialized, .startsEtcd, .realEtcd, .timeLimit(.minutes(10))) struct RestoreTests {
  /// The commands of the page, in their order.
  private static func commands() throws -> [String] {
    let page = try String(contentsOfFile: "\(Program.root)/Documentation/restore.md", encoding: .utf8)
    var isShell = false
    return page.replacing("\\\n", with: " ").split(separator: "\n").compactMap { line in
      let line = line.trimmingCharacters(in: .whitespaces)
      if line.hasPrefix("```") { isShell = line == "```sh" }
      return isShell && line.hasPrefix("bulkhead ")
        ? String(line.prefix { $0 != "#" }).trimmingCharacters(in: .whitespaces) : nil
    }
  }

  @Test func aUserThatWasCutOffIsNamedAndRemovedAgain() async throws {
    let server = try #require(Server.all.last { $0.members == 1 && $0.version == "3.5.30" })
    let folder = try TemporaryFolder()
    let cluster = try await ThrowawayEtcd.start(members: 1, binary: server.binary, in: folder.path)
    var member = try #require(cluster.members.first)
    defer { member.stop() }
    func write(_ users: [String]) throws {
      let custom = users.map { "  - {user: \($0), grants: [{prefix: /\($0)/, access: readwrite}]}" }
        .joined(separator: "\n")
      try """
      apiVersion: bulkhead/v1
      kind: Segmentation
      cluster: prod
      calico: {version: v3.30}
      etcd: {endpoints: [\(cluster.endpoints[0])], ca: etcd-ca/ca.crt,
             certificate: pki/clients/root.crt, key: pki/clients/root.key}
      custom:
      \(custom)
      """.write(toFile: "\(folder.path)/bulkhead.yaml", atomically: true, encoding: .utf8)
    }
    func etcdctl(_ arguments: String...) throws {
      let outcome = try Program.run(
        server.etcdctl,
        [
          "--endpoints=\(cluster.endpoints[0])", "--cacert=\(cluster.root.authority)",
          "--cert=\(cluster.root.certificate)", "--key=\(cluster.root.key)",
        ] + arguments, in: folder.path, environment: ["ETCDCTL_API": "3"])
      #expect(outcome.code == 0, "\(arguments): \(outcome.all)")
    }
    func bulkhead(_ code: Int32, _ arguments: String...) throws -> Program.Outcome {
      let outcome = try Program.run(Program.path, arguments, in: folder.path)
      #expect(outcome.code == code, "\(arguments): \(outcome.all)")
      return outcome
    }
    func users() async throws -> [String] {
      try await EtcdClient.connect(to: cluster.endpoints, as: cluster.root, timeout: .seconds(30)) {
        try await $0.users()
      }
    }

    try write(["kept", "mallory"])
    _ = try bulkhead(0, "apply", "--enable-auth")
    try etcdctl("user", "add", "legacy:secret")
    try etcdctl("snapshot", "save", "etcd.snapshot")
    // Since the snapshot: one is cut off, one gets less, one is new, one is deleted.
    try write(["kept", "new"])
    _ = try bulkhead(0, "apply", "--yes")
    try etcdctl("user", "grant-role", "legacy", "new")
    let page = try Self.commands()
    #expect(page.count >= 4 && page[0] == "bulkhead export --out users-and-roles.json", "\(page)")
    func run(_ command: String) throws -> Program.Outcome {
      let bin = URL(fileURLWithPath: Program.path).deletingLastPathComponent().path
      return try Program.run(
        "/bin/sh", ["-c", command], in: folder.path, environment: ["PATH": "\(bin):/usr/bin:/bin"])
    }
    let exported = try run(page[0])
    #expect(exported.code == 0, "\(exported.all)")
    let text = try String(contentsOfFile: "\(folder.path)/users-and-roles.json", encoding: .utf8)
    #expect(!text.contains("secret") && text.contains(#""password" : "set""#))

    // The day: the store of the snapshot.
    member.stop()
    let data = "\(folder.path)/etcd-1/data"
    try FileManager.default.removeItem(atPath: data)
    func value(_ option: String) throws -> String {
      try #require(member.command.first { $0.hasPrefix("--\(option)=") })
    }
    try etcdctl(
      "snapshot", "restore", "etcd.snapshot", "--data-dir=\(data)", try value("name"),
      try value("initial-cluster"),
      try value("initial-advertise-peer-urls"), "--initial-cluster-token=bulkhead")
    member = try member.startAgain()
    try await member.waitUntilItAnswers(as: cluster.root)
    #expect(try await users() == ["kept", "legacy", "mallory", "root"])

    var outcomes: [String: Program.Outcome] = [:]
    for command in page.dropFirst() {
      outcomes[command] = try run(command.replacing("bulkhead restore users-and-roles.json\n", with: ""))
      // What a person answers on a terminal.
      if command == "bulkhead restore users-and-roles.json" {
        #expect(outcomes[command]?.code == 1, "access is removed without a question")
        outcomes[command] = try run("\(command) --yes")
      }
    }
    let plan = try #require(outcomes["bulkhead restore users-and-roles.json --plan"])
    #expect(plan.code == 2, "\(plan.all)")
    #expect(plan.out.hasPrefix("1 user that the export of "), "\(plan.all)")
    #expect(plan.out.contains("mallory: it may write /mallory/* and may read /mallory/*"), "\(plan.all)")
    let restored = try #require(outcomes["bulkhead restore users-and-roles.json"])
    #expect(restored.code == 0, "\(restored.all)")
    #expect(try await users() == ["kept", "legacy", "new", "root"])
    let legacy = try await EtcdClient.connect(to: cluster.endpoints, as: cluster.root, timeout: .seconds(30))
    {
      try await $0.roles(ofUser: "legacy")
    }
    #expect(legacy == ["new"])
    _ = try bulkhead(0, "restore", "users-and-roles.json", "--plan")
    // A restore is undone like an apply.
    _ = try bulkhead(0, "undo", "--yes")
    #expect(try await users() == ["kept", "legacy", "mallory", "root"])
  }

  @Test func anotherExportIsRefused() async throws {
    let etcd = try await SharedEtcd("restore")
    try etcd.write([("a", "{prefix: /a/, access: readwrite}")])
    try etcd.expect(0, "apply")
    try etcd.expect(0, "export", "--out", "x.json")
    try etcd.expect(0, "export", "--out", "x.json")
    try etcd.expect(1, "export", "--out", "bulkhead.yaml")
    #expect(try etcd.expect(0, "export").out.contains(etcd.user("a")))
    let path = "\(etcd.folder.path)/x.json"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    for (old, new, reason) in [
      (etcd.user("a"), "b", "it does not match its digest"),
      (#""format" : 1"#, #""format" : 9"#, "the export has the format 9"),
      (#""kind" : "bulkhead"#, #""kind" : "other"#, "not one that 'bulkhead export' wrote"),
    ] {
      #expect(text.contains(old))
      try text.replacing(old, with: new).write(toFile: path, atomically: true, encoding: .utf8)
      let refused = try etcd.expect(1, "restore", "x.json", "--plan")
      #expect(refused.error.contains(reason), "\(refused.all)")
    }
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    let other = try await SharedEtcd("restore")
    try other.write([("a", "{prefix: /a/, access: readwrite}")])
    let refused = try other.expect(1, "restore", path, "--plan")
    #expect(refused.error.contains("the export is of the cluster '\(etcd.name)'"), "\(refused.all)")
  }

  /// A user whose password is lost is named, and no password is brought back.
  @Test func passwordsAreSaidToBeLost() async throws {
    let etcd = try await SharedEtcd("restore")
    try etcd.write([("a", "{prefix: /a/, access: readwrite}")])
    try etcd.expect(0, "apply")
    let (keeps, loses) = (etcd.user("keeps"), etcd.user("loses"))
    try await etcd.cluster.bash(["etcdctl user add \(keeps):secret", "etcdctl user add \(loses):secret"])
    try etcd.expect(0, "export", "--out", "x.json")
    try await etcd.cluster.etcdctl("user", "delete", loses)
    // Nothing but a new user: asked for all the same.
    try etcd.expect(1, "restore", "x.json")
    let restored = try etcd.expect(2, "restore", "x.json", "--yes")
    #expect(
      restored.out.contains("the user \(loses) had a password, which is not in the export"), "\(restored.all)"
    )
    #expect(!restored.out.contains("\(keeps) had"), "\(restored.all)")
    let (kept, lost) = try await etcd.cluster.connect { client in
      (try await client.tryEmptyPassword(ofUser: keeps), try await client.tryEmptyPassword(ofUser: loses))
    }
    #expect(kept == .refused && lost == .noPassword)
  }
}
