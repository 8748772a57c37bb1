import Catalogue
import Etcd
import Keyspace
import Names
import Reconciliation
import Segmentation
import TestClusters
import TestSupport
import Testing
import ThrowawayEtcd

@testable import Verification

@Suite("Before authentication is turned on")
struct PreflightTests {
  @Test("an identity without a user, without a role or with an incomplete role would be locked out")
  func lockedOut() {
    let desired = DesiredState(.sample)
    var state = ClusterState(
      users: Dictionary(
        uniqueKeysWithValues: desired.users.map { ($0.name, ClusterState.User(roles: Set($0.roles))) }),
      roles: Dictionary(uniqueKeysWithValues: desired.roles.map { ($0.name, $0.permissions) }))
    func messages(shared: [String] = []) -> [String] {
      UserChecks.lockedOut(desired, state, shared: shared).map(\.message)
    }
    #expect(messages().isEmpty)
    #expect(
      messages(shared: ["all"]) == ["locked out: all, the shared certificate's, the user does not exist"])
    #expect(messages(shared: ["node"]).isEmpty)
    state.users["node"] = nil
    // In a migration only the stage that takes nothing away.
    #expect(
      UserChecks.lockedOut(desired, state, shared: ["all"]).map(\.cure)
        == Array(repeating: "run 'bulkhead apply --stage prepare --shared all'", count: 2))
    #expect(UserChecks.lockedOut(desired, state, shared: []).map(\.cure) == ["run 'bulkhead apply'"])
    state.users["writer"]?.roles = []
    #expect(
      messages() == [
        "locked out: node, the user does not exist", "locked out: writer, lacks the role writer",
      ])
    state.users["writer"]?.roles = ["writer"]
    state.roles["writer"]?.removeLast()
    #expect(messages().contains("locked out: writer, its role writer lacks grants"))
  }

  @Test("nodes that Calico knows by another name than the file are found")
  func nodeNames() {
    func node(_ name: String, _ reference: String?) -> NodeNames.Known {
      let references = reference.map { #"[{"nodeName":"\#($0)","orchestrator":"k8s"}]"# } ?? "[]"
      let value = #"{"kind":"Node","metadata":{"name":"\#(name)"},"spec":{"orchRefs":\#(references)}}"#
      return NodeNames.Known(
        key: "/calico/resources/v3/projectcalico.org/nodes/\(name)", value: Array(value.utf8))
    }
    func messages(_ divided: Set<String>, _ known: [NodeNames.Known]) -> [String] {
      NodeNames.findings(divided, known).map(\.message)
    }
    let known = [node("n1", "n1"), node("host-2", "ip-2.internal"), node("vm", nil)]
    #expect(messages(["n1", "host-2", "vm", "new"], known).isEmpty)
    #expect(messages(["n1"], []).isEmpty)
    #expect(
      messages(["n1", "ip-2.internal"], known) == [
        "the node 'ip-2.internal' of the file is called 'host-2' in Calico",
        "Calico has the node 'vm', and the file gives it no users",
      ])
    let cure = NodeNames.findings(["ip-2.internal"], known).first?.cure
    #expect(cure?.contains("'host-2: {kubernetes: ip-2.internal}'") == true)
    #expect(NodeNames.Known(key: "/x/n", value: [0x7b]) == .init(name: "n", kubernetes: nil))
  }

  @Test("passwords, administrators that the file does not name and certificates without a user are found")
  func users() {
    let desired = DesiredState(.sample)
    var state = ClusterState(authEnabled: true)
    state.users = [
      "root": .init(roles: ["root"], hasPassword: true), "node": .init(roles: [], acceptsEmptyPassword: true),
      "writer": .init(roles: [], hasPassword: true), "patroni": .init(roles: [], hasPassword: true),
      "backup": .init(roles: ["root"]), "kube": .init(roles: ["root"]),
    ]
    var knowledge = Preflight.Knowledge()
    knowledge.certificates = [
      .init(path: "a.crt", user: "kube-etcd-healthcheck-client"), .init(path: "b.crt", user: "backup"),
      .init(path: "c.crt", user: nil),
    ]
    let found = UserChecks.findings(desired, state, knowledge).filter { $0.rule != .lockedOut }
    #expect(
      found.map { "\($0.rule.id) \($0.subject)" } == [
        "PF021 user backup", "PF020 user node", "PF019 user root", "PF019 user writer",
        "PF024 user kube-etcd-healthcheck-client", "PF024 ",
      ])
    #expect(found.last?.severity == .warning)
    // Others manage root and kube-apiserver: 'apply' leaves their passwords.
    state.users["kube"]?.hasPassword = true
    let cures = UserChecks.findings(desired, state, knowledge).filter { $0.rule == .password }
    #expect(cures.map { $0.cure.contains("leaves this user") } == [true, true, false], "\(cures)")
    #expect(found.first?.severity == .error)
    knowledge.shared = ["backup"]
    let expected = UserChecks.findings(desired, state, knowledge).first { $0.rule == .foreignAdministrator }
    #expect(expected?.cure.contains("apply --stage clean --shared backup") == true)
    #expect(
      UserChecks.findings(desired, state, knowledge).first { $0.rule == .foreignAdministrator }?.severity
        == .warning)
    (knowledge.shared, knowledge.protected) = ([], Protection(listed: Managed(users: ["backup"])))
    #expect(
      UserChecks.findings(desired, state, knowledge).first { $0.rule == .foreignAdministrator }?.severity
        == .warning)
    // A record of another file does not cover an administrator.
    knowledge.protected = Protection(recorded: Managed(users: ["backup"]))
    #expect(
      UserChecks.findings(desired, state, knowledge).first { $0.rule == .foreignAdministrator }?.severity
        == .error)
    #expect(!found.contains { $0.rule == .untriedPassword })
    state.authEnabled = false
    let off = UserChecks.findings(desired, state, knowledge)
    #expect(off.last?.severity == .error)
    #expect(
      off.filter { $0.rule == .untriedPassword }.map(\.message) == [
        "whether users that the file does not name accept the empty password is unknown: backup, patroni"
      ])
  }

  @Test("ids of rules are unique, and each rule has a meaning and a cure")
  func rules() {
    #expect(Set(PreflightRule.all.map(\.id)).count == PreflightRule.all.count)
    #expect(PreflightRule.all.map(\.id) == PreflightRule.all.map(\.id).sorted())
    for rule in PreflightRule.all {
      #expect(!rule.meaning.isEmpty && !rule.cure.isEmpty && !rule.title.isEmpty)
    }
  }

  @Test("each note about the members, and members that do not hold the same, is a finding")
  func notes() throws {
    let status = MemberStatus.of(version: try #require(EtcdVersion("3.6.16")))
    let first = try Endpoint("https://a:2379")
    let cluster = ClusterMembers(
      clusterID: 1,
      all: [
        ClusterMember(
          id: 1, name: "a", clientURLs: ["https://a:2379", "http://a:2381"], endpointsInFile: [first],
          reach: .answers(at: first, status)),
        ClusterMember(id: 2, name: "b", endpointsInFile: [], reach: .unreachable("connection refused")),
        ClusterMember(id: 3, name: "c", isLearner: true, reach: .unreachable("it has not started yet")),
      ], endpointNotes: [.balanced(try Endpoint("https://lb:2379"), members: ["a", "b"])])
    let assessment = ServerAssessment(
      members: [
        ServerAssessment.Member(
          name: "a", endpoint: first, status: status, space: .near(bytes: 96, quota: 100))
      ], cluster: cluster, alarms: [Alarm(memberID: 1, kind: .noSpace)], alarmsUnknown: nil,
      agreement: MemberAgreement(
        authRevision: .different([.init(member: "a", value: 5), .init(member: "b", value: 4)]),
        keyValueHash: .unknown("the store is large")), advisories: try .embedded())
    let findings = ServerChecks.findings(assessment)
    #expect(
      Set(findings.map(\.rule.id)).isSuperset(of: [
        "PF003", "PF007", "PF009", "PF011", "PF012", "PF013", "PF023",
      ]), "\(findings)")
    #expect(!assessment.isTrustworthy())
    #expect(assessment.plainURLs.map(\.url) == ["http://a:2381"])
    #expect(assessment.only(["b"]).plainURLs.isEmpty)
    // 3.6 enforces permissions under an alarm.
    #expect(findings.contains { $0.rule == .alarm && $0.message.contains("check permissions all the same") })
  }

  @Test("a kube-apiserver with another prefix needs a grant for it")
  func prefixes() {
    var knowledge = Preflight.Knowledge()
    knowledge.etcdPrefixes = ["a": "/registry", "b": "/kubernetes.io", "c": "kubernetes.io/"]
    #expect(KeyChecks.prefixes(knowledge, .sample).map(\.subject) == ["pod b", "pod c"])
  }

  @Test(
    "reports all obstacles at once, keys that no user reaches, and none after they are removed", .realEtcd,
    arguments: EtcdRelease.one)
  func obstacles(release: EtcdRelease) async throws {
    try await TestCluster.with(release) { cluster in
      for key in ["/registry/pods/shop/web", "/service/pg/leader", "/kubernetes.io/a", "/kubernetes.io/b"] {
        try await cluster.etcdctl("put", key, "x")
      }
      let bare = try await cluster.preflight(.sample)
      #expect(ids(bare).isSuperset(of: ["PF001", "PF002", "PF022", "PF026"]))
      #expect(
        bare.findings.filter { $0.rule == .unreachedKeys }.map(\.message) == [
          "/kubernetes.io/*: 2 keys, and no user but administrators may read or write there",
          "/service/*: 1 key, and no user but administrators may read or write there",
        ])
      #expect(bare.asked == "1 of 1 member")

      try await cluster.apply(.sample)
      try await cluster.etcdctl("del", "/service/", "--prefix")
      try await cluster.etcdctl("del", "/kubernetes.io/", "--prefix")
      let prepared = try await cluster.preflight(.sample)
      #expect(
        !prepared.findings.contains { $0.severity == .error && $0.rule != .vulnerability },
        "\(prepared.findings)")
      // The release has known vulnerabilities.
      #expect(
        prepared.findings.contains {
          $0.rule == .vulnerability && $0.severity == .error && $0.names.contains("CVE-2026-73499")
        })

      // The member's own certificate names a user of etcd.
      let member = try #require(cluster.etcd.members.first?.name)
      try await cluster.etcdctl("user", "add", "etcd-peer \(member)", "--no-password")
      #expect(ids(try await cluster.preflight(.sample)).contains("PF005"))
    }
  }

  @Test(
    "an alarm, a kube-apiserver without root and a node that the file lacks are reported", .realEtcd,
    arguments: EtcdRelease.oneAndCurrent)
  func alarm(release: EtcdRelease) async throws {
    let node = Identity(
      user: "calico-node.n1", purpose: .component("calico-node"), roles: ["node"],
      place: .node(try NodeName("n1")))
    let segmentation = Segmentation(
      cluster: "test",
      identities: Segmentation.sample.identities.filter { $0.user != "kube" } + [
        node, Identity(user: "kube", purpose: .apiserver, roles: ["kube"]),
      ],
      roles: Segmentation.sample.roles + [
        Role(name: "kube", grants: [Role.Line(Grant(.prefix("/registry/"), .readwrite))])
      ])
    var options = ThrowawayEtcd.Options()
    options.quotaBackendBytes = TestCluster.smallQuota
    try await TestCluster.with(release, options: options) { cluster in
      try await cluster.segment(segmentation)
      try await cluster.etcdctl("put", "/calico/resources/v3/projectcalico.org/nodes/n2", "{}")
      let found = try await cluster.preflight(segmentation).findings
      func messages(_ rule: PreflightRule) -> [String] { found.filter { $0.rule == rule }.map(\.message) }
      #expect(messages(.unknownNode) == ["Calico has the node 'n2', and the file gives it no users"])
      let refused = messages(.apiServerWithoutRoot)
      #expect(refused.contains { $0.contains("cannot compact at etcd-1 (\(release.version))") }, "\(refused)")
      #expect(refused.contains { $0.contains("cannot read the status") } == (release.version == "3.5.30"))

      try await cluster.connect { etcd in
        // A member reports the size of what is committed to the file, which happens every 100 ms.
        while try await failure({ try await etcd.put([UInt8](repeating: 7, count: 100_000), at: "/filler") })
          != .noSpace
        { try await Task.sleep(for: .milliseconds(10)) }
      }
      let full = try await cluster.preflight(segmentation)
      #expect(ids(full).isSuperset(of: ["PF003", "PF007"]), "\(full.findings)")
      let isUnchecked = full.findings.contains {
        $0.rule == .alarm && $0.message.contains("etcd-1 checks no permissions of writes")
      }
      #expect(isUnchecked == release.version.hasPrefix("3.5"), "\(full.findings)")
    }
  }

  @Test("a release that must not run with authentication is named")
  func release() throws {
    for text in ["3.4.20", "3.5.0"] {
      let assessment = ServerAssessment(
        members: [
          ServerAssessment.Member(
            name: "a", endpoint: try Endpoint("https://a:2379"),
            status: .of(version: try #require(EtcdVersion(text))), space: .enough(bytes: 1, quota: nil))
        ], alarms: [], advisories: try .embedded())
      let found = ServerChecks.findings(assessment).filter { $0.rule == .breaksAuthentication }
      #expect(found.map(\.severity) == [.error] && found[0].subject == "etcd \(text)", "\(found)")
    }
  }

  @Test(
    "an unreachable member is reported, and what it did not answer", .realEtcd, arguments: EtcdRelease.one)
  func members(release: EtcdRelease) async throws {
    try await TestCluster.with(release, members: 3) { cluster in
      try await cluster.segment(.sample)
      let before = try await cluster.assess()
      cluster.etcd.members[2].crash()
      // It stopped after it was assessed: nothing more is known of it.
      let root = try cluster.credentials(of: "root")
      let later = try await cluster.connect { etcd in
        try await Preflight.check(
          etcd, before, as: root, .sample, state: try await ClusterState.observe(etcd), applicant: "root")
      }
      #expect(
        later.findings.contains { $0.rule == .unknownServer && $0.subject == "member etcd-3" }
          && later.findings.contains { $0.rule == .storedDifference && $0.subject == "member etcd-3" },
        "\(later.findings)")
      let blind = try await EtcdClient.connect(
        to: [cluster.etcd.endpoints[2]], as: root, timeout: .seconds(5)
      ) {
        try await ServerAssessment.of(
          try #require(before.cluster), $0, as: root, advisories: try .embedded(), largestHashed: 0)
      }
      let unknown = ServerChecks.findings(blind).map { "\($0.rule.id) \($0.subject)" }
      #expect(unknown.contains("PF008 ") && unknown.contains("PF004 member etcd-3"), "\(unknown)")
      // That it answers no HTTP was not seen: it answers nothing.
      #expect(!unknown.contains("PF016 member etcd-3"), "\(unknown)")
      let found = try await cluster.preflight(.sample)
      #expect(found.asked == "2 of 3 members: etcd-3 is unreachable")
      #expect(found.findings.contains { $0.rule == .unreachable && $0.subject == "member etcd-3" })
    }
  }

  @Test(
    "a listener without HTTP leaves the space unknown, which is said", .realEtcd, arguments: EtcdRelease.one)
  func grpcOnly(release: EtcdRelease) async throws {
    var options = ThrowawayEtcd.Options()
    options.extraArguments = ["--listen-client-http-urls=http://127.0.0.1:0"]
    try await TestCluster.with(release, options: options) { cluster in
      try await cluster.segment(.sample)
      let found = try await cluster.preflight(.sample)
      #expect(ids(found).isSuperset(of: ["PF004", "PF016"]), "\(found.findings)")
      // Questions about writing are not sent, with another hint than for a full store.
      let unsent = try await cluster.verify(.sample).filter { $0.verdict != .asExpected }
      #expect(
        !unsent.isEmpty
          && unsent.allSatisfy { result in
            if case .inconclusive(let error) = result.answer {
              error.hint == nil && error.message.hasSuffix("; --quota names it")
            } else {
              false
            }
          }, "\(unsent.first.map { "\($0)" } ?? "none")")
      let known = try await cluster.preflight(.sample, quota: 1 << 31)
      #expect(ids(known).isDisjoint(with: ["PF004", "PF003"]) && ids(known).contains("PF016"))
      // Under this condition the revocation list has no effect over gRPC.
      #expect(
        found.findings.contains { $0.names.contains("CVE-2026-59818") && $0.severity == .warning }
          == (release.version == "3.5.30"))
    }
  }

  @Test(
    "the peer port refuses certificates of the clients' authority, and admits those of its own", .realEtcd)
  func peerPort() async throws {
    let release = try #require(EtcdRelease.one.first)
    let cluster = try await SharedClusters.all.cluster(release)
    let member = try #require(cluster.etcd.members.first)
    let url = try #require(
      member.command.first { $0.hasPrefix("--listen-peer-urls=") }?.split(separator: "=").last)
    let client = try cluster.credentials(of: "node")
    guard case .refused = await client.peerPort(String(url)) else {
      Issue.record("\(await client.peerPort(String(url)))")
      return
    }
    let peer = ClientCredentials(
      authority: cluster.etcd.serverAuthority,
      certificate: "\(cluster.etcd.directory)/\(member.name)/peer.crt",
      key: "\(cluster.etcd.directory)/\(member.name)/peer.key")
    #expect(await peer.peerPort(String(url)) == .admitsClient)
    #expect(await peer.peerPort("http://127.0.0.1:1") != .admitsClient)
  }

  private func ids(_ preflight: Preflight) -> Set<String> { Set(preflight.findings.map(\.rule.id)) }
}
