import Etcd
import Foundation
import TestSupport
import Testing
import ThrowawayEtcd

/// can, who-can, compare and lint, from the file and from a running cluster.
@Suite(.timeLimit(.minutes(30))) struct QuestionTests {
  private func folder() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    let made = try Program.bulkhead("init", "--calicoctl", "alice=read-only", in: folder.path)
    #expect(made.code == 0, "\(made.error)")
    return folder
  }

  private let resources = "/calico/resources/v3/projectcalico.org"

  @Test func whoCanListsAllHoldersRootIncluded() throws {
    let folder = try folder()
    let outcome = try Program.bulkhead(
      "who-can", "write", "\(resources)/tiers/default", "--output", "json", in: folder.path)
    #expect(outcome.code == 0, "\(outcome.error)")
    let value = try JSONSerialization.jsonObject(with: Data(outcome.out.utf8)) as? [String: Any]
    let holders = try #require(value?["holders"] as? [[String: Any]])
    #expect(holders.compactMap { $0["identity"] as? String } == ["root", "calico-node", "kube-controllers"])
  }

  @Test func lintFailsFromTheRequestedSeverity() throws {
    let folder = try folder()
    #expect(try Program.bulkhead("lint", in: folder.path).code == 0)
    #expect(try Program.bulkhead("lint", "--fail-on", "info", in: folder.path).code == 2)
    let file = folder.path + "/bulkhead.yaml"
    let text = try String(contentsOfFile: file, encoding: .utf8)
    try text.replacingOccurrences(of: "roles: corrected", with: "roles: documented").write(
      toFile: file, atomically: true, encoding: .utf8)
    #expect(try Program.bulkhead("lint", in: folder.path).code == 2)
    let sarif = try Program.bulkhead("lint", "--output", "sarif", in: folder.path)
    let value = try JSONSerialization.jsonObject(with: Data(sarif.out.utf8)) as? [String: Any]
    let run = try #require((value?["runs"] as? [[String: Any]])?.first)
    let results = try #require(run["results"] as? [[String: Any]])
    #expect(results.contains { $0["level"] as? String == "error" || $0["level"] as? String == "warning" })
  }

  @Test(.startsEtcd) func theSameQuestionsAreAnsweredFromTheLiveCluster() async throws {
    let folder = try TemporaryFolder()
    let server = try #require(Server.all.first)
    let cluster = try await ThrowawayEtcd.start(members: 1, binary: server.binary, in: folder.path)
    defer { cluster.stop() }
    try await EtcdClient.connect(to: cluster.endpoints, as: cluster.root, timeout: .seconds(120)) {
      try await SampleData.write(to: $0)
    }
    func bulkhead(_ arguments: String...) throws -> Program.Outcome {
      try Program.run(Program.path, arguments, in: folder.path)
    }
    #expect(try bulkhead("init", "--ca", "etcd-ca/ca.crt", "--endpoint", "\(cluster.endpoints[0])").code == 0)
    #expect(
      try bulkhead("can", "cni-plugin", "get", "/calico/ipam/v2/config", "--live").code == 1,
      "there is no such user yet")
    #expect(try bulkhead("apply").code == 0)
    #expect(try bulkhead("can", "cni-plugin", "get", "/calico/ipam/v2/config", "--live").code == 0)
    let same = try bulkhead("compare", "live", "bulkhead.yaml", "--no-new-access")
    #expect(same.code == 0, "\(same.all)")
    let radius = try bulkhead("can", "cni-plugin", "--all", "--live")
    // The keys of the sample and Bulkhead's own: the record of this file, the marker for releases before 0.2, the history.
    let keys = try #require(radius.out.firstMatch(of: /of the ([0-9]+) keys that exist now/)?.1)
    #expect(try #require(Int(keys)) >= SampleData.keys.count + 2, "\(radius.all)")
  }
}
