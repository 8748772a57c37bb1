import Etcd
import Foundation
import Keyspace
import TestSupport
import Testing
import ThrowawayEtcd

/// Several files on one etcd, records that others wrote, and deletions that nobody looked at.
@Suite(.serialized, .startsEtcd, .timeLimit(.minutes(30))) struct RecordOwnerTests {
  private struct Setting {
    let folder: TemporaryFolder
    let cluster: ThrowawayEtcd

    /// Writes a file with custom users that each have their own range.
    func write(
      _ file: String, cluster name: String = "demo", users: [String], more: String = ""
    ) throws {
      let custom = users.map { "  - {user: \($0), grants: [{prefix: /\($0)/, access: readwrite}]}\n" }
        .joined()
      try """
      apiVersion: bulkhead/v1
      kind: Segmentation
      cluster: \(name)
      calico: {version: v3.30}
      etcd: {endpoints: [\(cluster.endpoints[0])], ca: etcd-ca/ca.crt,
             certificate: pki/clients/root.crt, key: pki/clients/root.key}
      custom:
      \(custom)\(more)
      """.write(toFile: "\(folder.path)/\(file)", atomically: true, encoding: .utf8)
    }

    func bulkhead(_ arguments: String...) throws -> Program.Outcome {
      try Program.run(Program.path, arguments, in: folder.path)
    }

    func users() async throws -> [String] {
      try await EtcdClient.connect(to: cluster.endpoints, as: cluster.root) { try await $0.users() }
    }

    func put(_ value: String, at key: Key) async throws {
      try await EtcdClient.connect(to: cluster.endpoints, as: cluster.root) {
        try await $0.put(Array(value.utf8), at: key)
      }
    }
  }

  private func with(quota: Int64? = nil, _ body: (Setting) async throws -> Void) async throws {
    let server = try #require(Server.all.last)
    let folder = try TemporaryFolder()
    var options = ThrowawayEtcd.Options()
    options.quotaBackendBytes = quota
    let cluster = try await ThrowawayEtcd.start(
      members: 1, binary: server.binary, in: folder.path, options: options)
    defer { cluster.stop() }
    try await body(Setting(folder: folder, cluster: cluster))
  }

  @Test func twoFilesWithTheirOwnUsersLeaveEachOtherAlone() async throws {
    try await with { setting in
      try setting.write("a.yaml", users: ["a", "shared"], more: "management: authoritative\n")
      try setting.write("b.yaml", users: ["b"], more: "owner: team-b\nmanagement: authoritative\n")
      for file in ["a.yaml", "b.yaml"] {
        let applied = try setting.bulkhead("apply", "--file", file, "--enable-auth", "--watch", "0")
        #expect(applied.code == 0, "\(applied.all)")
      }
      #expect(try await setting.users() == ["a", "b", "root", "shared"])
      for file in ["a.yaml", "b.yaml"] {
        let plan = try setting.bulkhead("plan", "--file", file, "--full")
        #expect(plan.code == 0, "\(plan.all)")
      }
      // The second file names a user of the first.
      try setting.write("b.yaml", users: ["b", "shared"], more: "owner: team-b\n")
      for verb in ["plan", "apply"] {
        let refused = try setting.bulkhead(verb, "--file", "b.yaml")
        #expect(refused.code == 1, "\(refused.all)")
        for text in [
          "cluster 'demo' with owner 'team-b'", "the file of cluster 'demo' manages", "user shared",
        ] {
          #expect(refused.error.contains(text), "\(refused.all)")
        }
      }
      // A file that replaces the first: another name of the cluster.
      try setting.write("c.yaml", cluster: "renamed", users: ["a"])
      let taken = try setting.bulkhead("apply", "--file", "c.yaml", "--take-over", "--yes")
      #expect(taken.code == 0, "\(taken.all)")
      #expect(try await setting.users() == ["a", "b", "root"])
      let again = try setting.bulkhead("plan", "--file", "c.yaml")
      #expect(again.code == 0 && again.out.contains("neither the file nor etcd has changed"), "\(again.all)")
    }
  }

  @Test func aForgedRecordDeletesNobodyWithoutSomebodyLooking() async throws {
    try await with { setting in
      try setting.write("bulkhead.yaml", users: ["a"])
      #expect(try setting.bulkhead("apply").code == 0)
      let root = setting.cluster.root
      try await EtcdClient.connect(to: setting.cluster.endpoints, as: root) {
        try await $0.addUser("prometheus")
        // As any client may while authentication is off: the record of the file, with a name more.
        let records = try await $0.entries(in: .prefix("/bulkhead/v1/records/"))
        let own = try #require(records.first)
        let forged = String(decoding: own.value, as: UTF8.self)
          .replacingOccurrences(of: #""users":["#, with: #""users":["prometheus""#)
        try await $0.put(Array(forged.utf8), at: own.key)
      }
      let refused = try setting.bulkhead("apply", "--yes")
      #expect(refused.code == 1 && refused.error.contains("prometheus"), "\(refused.all)")
      #expect(refused.error.contains("authentication is off, so every client may write"), "\(refused.all)")
      #expect(try await setting.users() == ["a", "prometheus", "root"])
      try setting.write("bulkhead.yaml", users: ["a"], more: "protect: [prometheus]\n")
      let kept = try setting.bulkhead("apply", "--yes", "--enable-auth", "--watch", "0")
      #expect(kept.code == 0, "\(kept.all)")
      #expect(try await setting.users() == ["a", "prometheus", "root"])
      #expect(try setting.bulkhead("apply", "--most-deletions", "3").code == 64)
    }
  }

  /// Before authentication is on, any client writes the record, at each moment.
  @Test func whatWasForgedBeforeAuthenticationIsOnDeletesNothingAfterwards() async throws {
    try await with { setting in
      try setting.write("bulkhead.yaml", users: ["a"])
      try await EtcdClient.connect(to: setting.cluster.endpoints, as: setting.cluster.root) {
        try await $0.addUser("prometheus")
      }
      func step(_ stage: String) throws -> Program.Outcome {
        try setting.bulkhead("apply", "--yes", "--stage", stage, "--shared", "old")
      }
      func forge() async throws {
        try await EtcdClient.connect(to: setting.cluster.endpoints, as: setting.cluster.root) { etcd in
          let own = try #require(try await etcd.entries(in: .prefix("/bulkhead/v1/records/")).first)
          let forged = String(decoding: own.value, as: UTF8.self)
            .replacingOccurrences(of: #""users":["#, with: #""users":["prometheus","#)
          try await etcd.put(Array(forged.utf8), at: own.key)
        }
      }
      #expect(try setting.bulkhead("apply").code == 0)
      try await forge()
      try setting.write("bulkhead.yaml", users: ["a", "b"])
      let refused = try setting.bulkhead("apply", "--yes", "--enable-auth", "--watch", "0")
      #expect(refused.code == 1 && refused.error.contains("prometheus"), "\(refused.all)")
      let prepared = try step("prepare")
      #expect(prepared.code == 0, "\(prepared.all)")
      try await forge()
      let switched = try step("switch")
      #expect(switched.code == 0, "\(switched.all)")
      let cleaned = try setting.bulkhead(
        "apply", "--yes", "--stage", "clean", "--shared", "old", "--watch", "1")
      #expect(cleaned.code == 0, "\(cleaned.all)")
      #expect(try await setting.users() == ["a", "b", "prometheus", "root"])
    }
  }

  /// While authentication is off any client can make an administrator, and records that say that a file has it.
  @Test func aForgedRecordHidesNoAdministrator() async throws {
    try await with { setting in
      try setting.write("bulkhead.yaml", users: ["a"])
      #expect(try setting.bulkhead("certs", "issue").code == 0)
      #expect(try setting.bulkhead("apply").code == 0)
      try await EtcdClient.connect(to: setting.cluster.endpoints, as: setting.cluster.root) {
        try await $0.addUser("mallory", withPassword: "hunter2")
        try await $0.grant(role: "root", toUser: "mallory")
      }
      let record =
        #"{"format":2,"minReader":2,"proven":true,"owner":{"cluster":"zz"},"roles":[],"users":["mallory"],"usersWithRole":[]}"#
      // At a key of no file, and at that of the file which it names.
      let keys = [String(repeating: "deadbeef", count: 4), "8f5d322a5e0bf02fce67ba08cba2de0b"]
      for key in keys { try await setting.put(record, at: Key("/bulkhead/v1/records/\(key)")) }
      // The file's own record, as if all had been applied after that.
      try await EtcdClient.connect(to: setting.cluster.endpoints, as: setting.cluster.root) { etcd in
        for entry in try await etcd.entries(in: .prefix("/bulkhead/v1/records/")) {
          let text = String(decoding: entry.value, as: UTF8.self)
          let forged = text.replacing(/"authRevision":([0-9]+)/) { found in
            "\"authRevision\":\((Int(found.1) ?? 0) + 2)"
          }.replacing(#""proven":false"#, with: #""proven":true"#)
          try await etcd.put(Array(forged.utf8), at: entry.key)
        }
      }
      let before = try setting.bulkhead("plan")
      #expect(before.code == 2 && before.out.contains("user mallory"), "\(before.all)")
      let applied = try setting.bulkhead("apply", "--enable-auth", "--yes", "--watch", "0")
      #expect(applied.code == 2 && applied.out.contains("found:"), "\(applied.all)")
      #expect(applied.out.contains("user mallory"), "\(applied.all)")
      #expect(applied.error.contains("records that no file can have (1)"), "\(applied.all)")
      #expect(
        applied.error.contains("any client could write the record of the file of cluster 'zz'"),
        "\(applied.all)")
      for verb in [["plan"], ["apply"], ["watch", "--once"], ["preflight"], ["verify"]] {
        let outcome = try Program.run(Program.path, verb, in: setting.folder.path)
        #expect(outcome.code == 2 && outcome.all.contains("mallory"), "\(verb): \(outcome.all)")
      }
      let again = try setting.bulkhead("apply", "--yes")
      #expect(!again.out.contains("nothing to do") && again.out.contains("found:"), "\(again.all)")
      try setting.write("bulkhead.yaml", users: ["a"], more: "protect: [mallory]\n")
      let protected = try setting.bulkhead("plan")
      #expect(protected.code == 0 && protected.out.contains("the file protects it"), "\(protected.all)")
    }
  }

  @Test func manyDeletionsNeedTheirNumber() async throws {
    try await with { setting in
      let many = (1...25).map { "user-\($0)" }
      try setting.write("bulkhead.yaml", users: many + ["a"])
      #expect(try setting.bulkhead("apply", "--enable-auth", "--watch", "0").code == 0)
      try setting.write("bulkhead.yaml", users: ["a"])
      let refused = try setting.bulkhead("apply", "--yes")
      #expect(refused.code == 1 && refused.error.contains("--most-deletions 25"), "\(refused.all)")
      let applied = try setting.bulkhead("apply", "--yes", "--most-deletions", "25")
      #expect(applied.code == 0, "\(applied.all)")
      #expect(try await setting.users() == ["a", "root"])

      // Another file with the same name of the cluster: it names nothing of what it would delete.
      try setting.write("bulkhead.yaml", users: ["a", "b"])
      #expect(try setting.bulkhead("apply").code == 0)
      try setting.write("other.yaml", users: ["x", "y", "z"])
      let foreign = try setting.bulkhead("apply", "--file", "other.yaml", "--yes")
      #expect(
        foreign.code == 1
          && foreign.error.contains("--yes covers 0, because the file names none of the 4 users"),
        "\(foreign.all)")
      #expect(try await setting.users() == ["a", "b", "root"])
      let meant = try setting.bulkhead("apply", "--file", "other.yaml", "--yes", "--most-deletions", "4")
      #expect(meant.code == 0, "\(meant.all)")
      #expect(try await setting.users() == ["root", "x", "y", "z"])
    }
  }

  @Test func accessCanBeRemovedWhileTheStoreIsFull() async throws {
    try await with(quota: 1 << 20) { setting in
      try setting.write("bulkhead.yaml", users: ["a", "b", "intruder"])
      #expect(try setting.bulkhead("certs", "issue").code == 0)
      #expect(try setting.bulkhead("apply", "--enable-auth", "--watch", "0").code == 0)
      try await EtcdClient.connect(to: setting.cluster.endpoints, as: setting.cluster.root) { etcd in
        var isFull = false
        while !isFull {
          do {
            try await etcd.put([UInt8](repeating: 7, count: 100_000), at: "/filler")
          } catch let error as EtcdError where error.code == .noSpace { isFull = true }
        }
      }
      // A certificate whose holder has to lose access at once.
      #expect(try setting.bulkhead("certs", "revoke", "b", "--cut-off", "--wait", "1").code == 1)
      #expect(try await setting.users() == ["a", "b", "intruder", "root"])
      let cut = try setting.bulkhead("certs", "revoke", "b", "--cut-off", "--no-lock")
      #expect(cut.code == 2 && cut.out.contains("user deleted: b"), "\(cut.all)")
      #expect(try await setting.users() == ["a", "intruder", "root"])
      try setting.write("bulkhead.yaml", users: ["a"])
      let plan = try setting.bulkhead("plan")
      #expect(plan.code == 2 && plan.error.contains("an alarm is active (NOSPACE of etcd-1)"), "\(plan.all)")
      let refused = try setting.bulkhead("apply", "--yes")
      #expect(refused.code == 1, "\(refused.all)")
      #expect(try setting.bulkhead("apply", "--no-lock", "--enable-auth").code == 64)
      let removed = try setting.bulkhead("apply", "--yes", "--no-lock")
      #expect(removed.code == 0, "\(removed.all)")
      #expect(try await setting.users() == ["a", "root"])
      // Nothing to do as long as the alarm is active is not everything.
      #expect(try setting.bulkhead("plan").code == 2)
    }
  }

  @Test func theRecordOfTheFirstReleaseIsTakenOver() async throws {
    try await with { setting in
      try setting.write("bulkhead.yaml", users: ["a"])
      try await EtcdClient.connect(to: setting.cluster.endpoints, as: setting.cluster.root) { etcd in
        for user in ["root", "a", "gone"] { try await etcd.addUser(user) }
        try await etcd.grant(role: "root", toUser: "root")
        try await etcd.addRole("a")
        try await etcd.enableAuth()
      }
      // As release 0.1 left it.
      try await setting.put(
        #"{"format":1,"usersWithRole":["a"],"users":["gone"],"roles":[]}"#, at: "/bulkhead/v1/record")
      let applied = try setting.bulkhead("apply", "--yes")
      #expect(applied.code == 0, "\(applied.all)")
      #expect(try await setting.users() == ["a", "root"])
      // Release 0.1 refuses to work from now on.
      let marker = try await EtcdClient.connect(to: setting.cluster.endpoints, as: setting.cluster.root) {
        try await $0.value(of: "/bulkhead/v1/record")
      }
      #expect(String(decoding: marker ?? [], as: UTF8.self).hasPrefix(#"{"format":2"#))
    }
  }

  @Test func aSharedUserWhoseRemovalWasKilledExistsAgain() async throws {
    try await with { setting in
      try setting.write("bulkhead.yaml", users: ["a"])
      #expect(try setting.bulkhead("apply", "--enable-auth", "--watch", "0").code == 0)
      let root = setting.cluster.root
      try await EtcdClient.connect(to: setting.cluster.endpoints, as: root) {
        try await $0.addUser("old")
        try await $0.grant(role: "a", toUser: "old")
      }
      let arguments = ["apply", "--stage", "clean", "--shared", "old", "--yes", "--watch", "8"]
      let running = try Running(arguments, in: setting.folder.path)
      let isGone = try await eventually { try await setting.users() == ["a", "root"] }
      running.send(SIGKILL)
      #expect(isGone)
      let plan = try setting.bulkhead("plan")
      #expect(plan.code == 2 && plan.error.contains("deleted the shared user 'old'"), "\(plan.all)")
      let restored = try setting.bulkhead("apply")
      #expect(
        restored.code == 2 && restored.out.contains("the shared user 'old' exists again"), "\(restored.all)")
      #expect(try await setting.users() == ["a", "old", "root"])
      let roles = try await EtcdClient.connect(to: setting.cluster.endpoints, as: root) {
        try await $0.roles(ofUser: "old")
      }
      #expect(roles == ["a"])
    }
  }
}
