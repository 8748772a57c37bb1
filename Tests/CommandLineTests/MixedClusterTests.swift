import Etcd
import Foundation
import Keyspace
import TestSupport
import Testing
import ThrowawayEtcd

/// A cluster in the middle of a rolling upgrade, with members of two releases: nothing is sent that stops the
/// older members, and each member enforces the same, whichever member is unreachable meanwhile.
@Suite(.startsEtcd, .timeLimit(.minutes(30))) struct MixedClusterTests {
  @Test func aClusterOfTwoReleasesGoesThroughTheStagesAndLosesAMember() async throws {
    let folder = try TemporaryFolder()
    let old = try #require(Server.all.first { $0.version == "3.4.23" })
    let new = try #require(Server.all.first { $0.version == "3.5.30" })
    let cluster = try await ThrowawayEtcd.start(members: 3, binary: old.binary, in: folder.path)
    var members = cluster.members
    defer { for member in members { member.stop() } }
    @Sendable func bulkhead(_ arguments: String...) throws -> Program.Outcome {
      try Program.run(Program.path, arguments, in: folder.path)
    }
    func client<Result: Sendable>(
      as user: String = "root", _ body: @Sendable (EtcdClient) async throws -> Result
    ) async throws -> Result {
      try await EtcdClient.connect(
        to: cluster.endpoints, as: cluster.credentials(of: user), timeout: .seconds(60), body)
    }
    func ready(_ index: Int) async throws -> String {
      let endpoint = cluster.endpoints[index]
      return try await client { etcd in
        for _ in 0..<600 {
          if let status = try? await etcd.only(endpoint).within(.seconds(2)).status(), status.hasLeader {
            return "\(status.version)"
          }
          try await Task.sleep(for: .milliseconds(100))
        }
        throw NeverHappened(log: "\(endpoint) has no leader")
      }
    }

    // One member is upgraded, as an operator does it.
    members[2].stop()
    members[2] = try members[2].startAgain(with: new.binary)
    #expect(try await ready(2) == "3.5.30")
    #expect(try await ready(0) == "3.4.23")

    let initialised = try Program.run(
      Program.path,
      ["init", "--cluster", "test", "--ca", "etcd-ca/ca.crt", "--calicoctl", "admin=full"]
        + cluster.endpoints.flatMap { ["--endpoint", "\($0)"] }, in: folder.path)
    #expect(initialised.code == 0, "\(initialised.all)")
    #expect(try bulkhead("certs", "issue").code == 0)
    for stage in ["prepare", "switch", "clean"] {
      let outcome = try bulkhead(
        "apply", "--stage", stage, "--shared", "calico", "--yes", "--watch", "1")
      #expect(outcome.code == 0, "\(outcome.all)")
    }
    let applied = try bulkhead("plan", "--output", "json")
    #expect(applied.code == 0 && applied.out.contains(#""unchanged" : true"#), "\(applied.all)")

    // One of the older members is killed, and the others go on.
    members[0].crash()
    let without = try bulkhead("plan")
    #expect(
      without.code == 0 && without.error.contains("the member etcd-1 is unreachable: connection refused"),
      "\(without.all)")
    let preflight = try bulkhead("preflight")
    #expect(
      preflight.code == 2
        && preflight.out.contains("the member etcd-1 is unreachable")
        && preflight.out.contains("info PF010 keys were not compared: the members run different releases"),
      "\(preflight.all)")
    let file = folder.path + "/bulkhead.yaml"
    let text = try String(contentsOfFile: file, encoding: .utf8)
    try (text + "\ncustom:\n  - {user: late, grants: [{prefix: /late/, access: readwrite}]}\n").write(
      toFile: file, atomically: true, encoding: .utf8)
    #expect(try bulkhead("certs", "issue").code == 0)
    let changed = try bulkhead("apply")
    #expect(changed.code == 0, "\(changed.all)")

    // It is started again, and all three agree. A member that had received an unknown request would not
    // start.
    members[0] = try members[0].startAgain()
    #expect(try await ready(0) == "3.4.23")
    let settled = try bulkhead("plan", "--full")
    #expect(settled.code == 0 && !settled.error.contains("unreachable"), "\(settled.all)")
    try await client(as: "late") { etcd in
      for endpoint in cluster.endpoints {
        let member = etcd.only(endpoint)
        #expect(await member.mayWrite(.prefix("/late/")) == .allowed, "\(endpoint)")
        #expect(await member.mayRead(.prefix("/calico/")) == .denied, "\(endpoint)")
      }
    }
    // The upgrade is completed.
    for index in [0, 1] {
      members[index].stop()
      members[index] = try members[index].startAgain(with: new.binary)
      #expect(try await ready(index) == "3.5.30")
    }
    #expect(try bulkhead("apply").code == 0)
    let upgraded = try bulkhead("plan", "--output", "json")
    #expect(upgraded.code == 0 && upgraded.out.contains(#""unchanged" : true"#), "\(upgraded.all)")
  }
}
