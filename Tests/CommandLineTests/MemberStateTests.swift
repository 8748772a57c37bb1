import Etcd
import Foundation
import Names
import TestClusters
import TestSupport
import Testing
import ThrowawayEtcd

/// Members that differ from each other, hang, ignore client certificates, offer a URL without TLS or are learners: what
/// the commands say of each, and that their hint brings a member back.
@Suite(.serialized, .startsEtcd, .timeLimit(.minutes(30))) struct MemberStateTests {
  /// An alarm under which one member enforces permissions and the others do not (etcd pull request 22386).
  @Test func membersWithDifferentUsersAreBroughtBackAsTheHintSays() async throws {
    let release = try #require(EtcdRelease.one.first)
    var options = ThrowawayEtcd.Options()
    options.quotaBackendBytes = TestCluster.smallQuota
    try await TestCluster.with(release, members: 3, options: options) { cluster in
      var third = try await cluster.makeMembersDiffer()
      defer { third.stop() }
      let etcd = try SharedEtcd(cluster)
      try etcd.write([("app", "{prefix: /app/, access: readwrite}")])
      try etcd.expect(0, "certs", "issue")

      let preflight = try etcd.expect(2, "preflight")
      #expect(
        preflight.out.contains(
          "error PF009 the members do not hold the same users and roles: auth revision of")
          && preflight.out.contains("bring back etcd-3"), "\(preflight.all)")
      let verify = try etcd.expect(2, "verify")
      #expect(
        verify.out.contains("the members do not hold the same users and roles: auth revision of etcd-1")
          && verify.out.contains("bring back etcd-3: 'etcdctl member remove ID'"), "\(verify.all)")
      for verb in ["plan", "apply"] {
        let refused = try etcd.expect(1, verb)
        #expect(refused.error.contains("bring back etcd-3"), "\(refused.all)")
      }

      third = try await bringBack(third, cluster)
      let after = try etcd.bulkhead("preflight")
      #expect(!after.out.contains("PF009"), "\(after.all)")
      let plan = try etcd.expect(2, "plan")
      #expect(plan.out.contains("make the user \(etcd.user("app"))"), "\(plan.all)")
    }
  }

  @Test func eachStateOfAMemberIsNamed() async throws {
    let release = try #require(EtcdRelease.current.first)
    try await TestCluster.with(release, members: 3) { cluster in
      try await cluster.secure()
      let etcd = try SharedEtcd(cluster)
      try etcd.write([("app", "{prefix: /app/, access: readwrite}")])
      try etcd.expect(0, "certs", "issue")
      try etcd.expect(0, "apply")
      let clean = try verify(etcd, expecting: 0)
      #expect(clean.out.contains("3 of 3 members"), "\(clean.all)")
      var members = cluster.etcd.members
      defer { for member in members { member.stop() } }

      // A kube-apiserver with keys of its own, among the pods.
      try #"""
      {"kind": "List", "items": [{"metadata": {"name": "a", "namespace": "kube-system"}, "spec": {"containers": [
        {"name": "c", "command": ["kube-apiserver", "--etcd-prefix=/kubernetes.io"]}]}}]}
      """#.write(toFile: "\(etcd.folder.path)/pods.json", atomically: true, encoding: .utf8)
      let pods = try preflight(etcd, "--pods", "pods.json")
      #expect(
        pods.out.contains("error PF025 kube-system/a runs with --etcd-prefix=/kubernetes.io"), "\(pods.all)")

      try await theOnlyEndpointIsALoadBalancer(etcd)
      try await aLearnerFirst(etcd)
      try await aHangingMember(etcd, members[2])
      try await aMemberThatIgnoresCertificates(etcd, &members[1])
      try await aURLWithoutTLS(etcd, &members[0])
      try await aChangedDataDirectory(etcd, &members[2])
      let end = try verify(etcd, expecting: 0)
      #expect(end.out.contains("users and roles are those of the file; 3 of 3 members"), "\(end.all)")
    }
  }

  // MARK: - states

  private func theOnlyEndpointIsALoadBalancer(_ etcd: SharedEtcd) async throws {
    let proxy = try SpreadingProxy(to: etcd.cluster.etcd.endpoints.map(\.port))
    defer { proxy.end() }
    let file = try replaceEndpoints(of: etcd, by: ["https://127.0.0.1:\(proxy.port)"])
    defer { file.restore() }
    let verified = try verify(etcd, expecting: 0)
    #expect(verified.out.contains("3 of 3 members"), "\(verified.all)")
    #expect(verified.error.contains("is a load balancer or proxy"), "\(verified.all)")
    #expect(try preflight(etcd).out.contains("warning PF023"))
    try etcd.expect(0, "plan")
  }

  private func aHangingMember(_ etcd: SharedEtcd, _ member: MemberProcess) async throws {
    member.pause()
    // The others may have to elect a leader first.
    var outcome = try verify(etcd)
    _ = try await eventually(within: .seconds(120)) {
      if outcome.code != 1 { return true }
      outcome = try verify(etcd)
      return outcome.code != 1
    }
    #expect(
      outcome.code == 2 && outcome.out.contains("2 of 3 members: etcd-3 is unreachable"), "\(outcome.all)")
    #expect(outcome.out.contains("answers are as expected"), "\(outcome.all)")
    let plan = try etcd.expect(0, "plan")
    #expect(plan.out.contains("2 of 3 members: etcd-3 is unreachable"), "\(plan.all)")
    let found = try preflight(etcd)
    #expect(
      found.out.contains("error PF012 the member etcd-3 is unreachable")
        && found.out.contains("info PF015 the peer port"),
      "\(found.all)")
    member.resume()
    try await wait(for: member, etcd)
  }

  private func aMemberThatIgnoresCertificates(_ etcd: SharedEtcd, _ member: inout MemberProcess) async throws
  {
    member.stop()
    member = try member.startAgain(adding: ["--client-cert-auth=false"])
    var found = try preflight(etcd)
    _ = try await eventually(within: .seconds(120)) {
      if found.out.contains("PF034") { return true }
      found = try preflight(etcd)
      return found.out.contains("PF034")
    }
    #expect(
      found.code == 2 && found.out.contains("error PF034 the member etcd-2 ignores client certificates")
        && found.out.contains("2 of 3 members: etcd-2 ignores client certificates")
        && !found.out.contains("PF012"), "\(found.all)")
    let verified = try verify(etcd, expecting: 2)
    #expect(verified.out.contains("2 of 3 members: etcd-2 ignores client certificates"), "\(verified.all)")
    let plan = try etcd.bulkhead("plan")
    #expect(plan.error.contains("runs without --client-cert-auth"), "\(plan.all)")
    member.stop()
    member = try member.startAgain(adding: ["--client-cert-auth=true"])
    try await wait(for: member, etcd)
  }

  private func aURLWithoutTLS(_ etcd: SharedEtcd, _ member: inout MemberProcess) async throws {
    let plain = "http://127.0.0.1:\(try #require(try FreePorts.take(1).first))"
    let before = member
    member.stop()
    let urls = "\(member.endpoint),\(plain)"
    member = try member.startAgain(adding: [
      "--listen-client-urls=\(urls)", "--advertise-client-urls=\(urls)",
    ])
    var found = try preflight(etcd)
    _ = try await eventually(within: .seconds(120)) {
      if found.out.contains("PF013"), !found.out.contains("PF012") { return true }
      found = try preflight(etcd)
      return false
    }
    #expect(
      found.code == 2
        && found.out.contains(
          "error PF013 the member etcd-1 advertises \(plain), where etcd cannot identify clients"),
      "\(found.all)")
    let verified = try verify(etcd, expecting: 2)
    #expect(verified.out.contains("the client URL \(plain) of etcd-1 has no TLS"), "\(verified.all)")
    member.stop()
    member = try before.startAgain()
    try await wait(for: member, etcd)
    // It publishes its URLs after it has started.
    let isPublished = try await eventually(within: .seconds(120)) {
      try !preflight(etcd).out.contains("PF013")
    }
    #expect(isPublished)
  }

  private func aLearnerFirst(_ etcd: SharedEtcd) async throws {
    let learner = try await etcd.cluster.addLearner("etcd-9")
    defer { learner.stop() }
    let all = ["\(learner.endpoint)"] + etcd.cluster.etcd.endpoints.map(\.description)
    let file = try replaceEndpoints(of: etcd, by: all)
    defer { file.restore() }
    let found = try preflight(etcd)
    #expect(found.out.contains("info PF011 the member etcd-9 is a learner and is left out"), "\(found.all)")
    let verified = try verify(etcd, expecting: 0)
    #expect(verified.out.contains("3 of 3 members") && verified.error.contains("etcd-9 is a learner"))
    let only = try verify(etcd, "--member", "etcd-9", expecting: 1)
    #expect(
      only.error.contains("the member 'etcd-9' is a learner")
        && only.error.contains("etcd-1, etcd-2, etcd-3"),
      "\(only.all)")
    for verb in ["plan", "apply"] { try etcd.expect(0, verb) }
    let (id, _) = try await identity(of: learner, etcd.cluster)
    try await etcd.cluster.etcdctl("member", "remove", id)
  }

  /// A value and a permission that one member has differently, as after a fault of its disk: the auth revision is the
  /// same at all members.
  private func aChangedDataDirectory(_ etcd: SharedEtcd, _ member: inout MemberProcess) async throws {
    let stored = "/\(etcd.name)/app/"
    try await etcd.cluster.etcdctl("put", "/marker", "AAAAAAAA-marker")
    member.stop()
    let path = "\(etcd.cluster.etcd.directory)/\(member.name)/data/member/snap/db"
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    for (before, after) in [("AAAAAAAA-marker", "BBBBBBBB-marker"), (stored, "/\(etcd.name)/aop/")] {
      var found = 0
      while let range = bytes.range(of: Data(before.utf8)) {
        bytes.replaceSubrange(range, with: Data(after.utf8))
        found += 1
      }
      #expect(found > 0, "\(before)")
    }
    try bytes.write(to: URL(fileURLWithPath: path))
    member = try member.startAgain()
    try await wait(for: member, etcd)

    let verified = try verify(etcd, expecting: 2)
    #expect(
      verified.out.contains("the members do not hold the same keys: hash of the keys of etcd-1")
        && verified.out.contains("bring back etcd-3"), "\(verified.all)")
    #expect(
      verified.out.contains("(etcd-3)")
        && verified.out.contains("only etcd-3 of etcd-1, etcd-2, etcd-3 has it"),
      "\(verified.all)")
    // What it stores is what it enforces.
    #expect(
      verified.out.contains("\(etcd.user("app")): read /\(etcd.name)/app")
        && verified.out.contains(" wrong, "),
      "\(verified.all)")
    let found = try preflight(etcd)
    #expect(
      found.code == 2 && found.out.contains("error PF009 the members do not hold the same keys")
        && found.out.contains("error PF027") && found.out.contains("bring back etcd-3"), "\(found.all)")
    let refused = try etcd.expect(1, "apply")
    #expect(refused.error.contains("bring back etcd-3"), "\(refused.all)")
    member = try await bringBack(member, etcd.cluster)
    try await wait(for: member, etcd)
  }

  // MARK: - tools

  /// `verify`, with what the releases have accepted.
  private func verify(
    _ etcd: SharedEtcd, _ more: String..., expecting code: Int32? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Program.Outcome {
    let outcome = try Program.run(
      Program.path, ["verify"] + Program.accepted + more, in: etcd.folder.path)
    if let code { #expect(outcome.code == code, "\(outcome.all)", sourceLocation: sourceLocation) }
    return outcome
  }

  private func preflight(_ etcd: SharedEtcd, _ more: String...) throws -> Program.Outcome {
    try Program.run(Program.path, ["preflight", "--accept", "PF017"] + more, in: etcd.folder.path)
  }

  private struct ChangedFile {
    let path: String
    let text: String

    func restore() { try? text.write(toFile: path, atomically: true, encoding: .utf8) }
  }

  private func replaceEndpoints(of etcd: SharedEtcd, by endpoints: [String]) throws -> ChangedFile {
    let path = "\(etcd.folder.path)/bulkhead.yaml"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let changed = text.replacing(
      /endpoints: \[[^\]]*\]/, with: "endpoints: [\(endpoints.joined(separator: ", "))]")
    #expect(changed != text)
    try changed.write(toFile: path, atomically: true, encoding: .utf8)
    return ChangedFile(path: path, text: text)
  }

  /// Waits until the member knows a leader and has all users.
  private func wait(for member: MemberProcess, _ etcd: SharedEtcd) async throws {
    try await member.waitUntilItAnswers(as: etcd.cluster.etcd.root)
    let isComplete = try await EtcdClient.connect(
      to: [member.endpoint], as: etcd.cluster.etcd.root, timeout: .seconds(5)
    ) { client in
      try await eventually(within: .seconds(120)) {
        (try? await client.users())?.contains(etcd.user("app")) == true
      }
    }
    #expect(isComplete)
  }

  /// The id of a member in the member list, and its peer URL.
  private func identity(of member: MemberProcess, _ cluster: TestCluster) async throws -> (
    id: String, peer: String
  ) {
    let list = try await cluster.etcdctl("member", "list")
    let line = try #require(
      list.split(separator: "\n").first { $0.contains(", \(member.name), ") }, "\(list)")
    let fields = line.components(separatedBy: ", ")
    return (fields[0], fields[3])
  }

  /// Follows the hint: removes the member, empties its data directory, adds it and starts it.
  private func bringBack(_ member: MemberProcess, _ cluster: TestCluster) async throws -> MemberProcess {
    let (id, peer) = try await identity(of: member, cluster)
    // etcd changes its members only after the others have been connected for some seconds.
    let isRemoved = try await eventually(within: .seconds(120)) {
      (try? await cluster.etcdctl("member", "remove", id)) != nil
    }
    try #require(isRemoved)
    member.stop()
    try FileManager.default.removeItem(atPath: "\(cluster.etcd.directory)/\(member.name)/data")
    let isAdded = try await eventually(within: .seconds(120)) {
      (try? await cluster.etcdctl("member", "add", member.name, "--peer-urls=\(peer)")) != nil
    }
    try #require(isAdded)
    let again = try member.startAgain(adding: ["--initial-cluster-state=existing"])
    do {
      try await again.waitUntilItAnswers(as: cluster.etcd.root)
      return again
    } catch {
      again.stop()
      throw error
    }
  }
}
