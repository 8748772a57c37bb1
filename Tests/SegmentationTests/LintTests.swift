import Catalogue
import Keyspace
import Testing

@testable import Segmentation

@Suite struct LintTests {
  func lint(
    _ lines: String = "components: [calico-node, cni-plugin, kube-controllers]", roles: String = "corrected",
    version: String = "v3.32", features: String = ""
  ) throws -> [LintFinding] {
    try Lint.findings(file(lines, roles: roles, version: version, features: features), catalogue: catalogue())
  }

  func lint(_ users: [String: [String]], _ roles: [String: [Grant]], apiservers: [String] = [])
    -> [LintFinding]
  {
    Lint.findings(Segmentation(cluster: "c", users: users, roles: roles, apiservers: apiservers))
  }

  func custom(_ grant: String, user: String = "tool", more: String = "") throws -> [LintFinding] {
    try lint("components: [calico-node]\ncustom: [{user: \(user), grants: [{\(grant)}]}]\n\(more)")
      .filter { $0.rule.severity > .info }
  }

  func told(_ findings: [LintFinding]) -> [String] {
    findings.map { "\($0.rule.id) \($0.place): \($0.message)" }
  }

  @Test func `users whose names look alike are an error, in the file and in a cluster`() throws {
    let lines =
      "components: []\ncalicoctl: [{user: admin, access: full}, {user: \u{430}dmin, access: read-only}]"
    let found = try lint(lines).filter { $0.rule.id == "BH014" }
    #expect(found.count == 1 && found.allSatisfy { $0.rule.severity == .error })
    #expect(found.first?.details.last?.contains("U+0430 d m i n") == true)
    let cluster = lint(["root": ["root"], "r\u{43e}ot": ["x"]], ["x": []])
    #expect(cluster.contains { $0.rule.id == "BH014" })
    #expect(
      try !lint("components: []\ncalicoctl: [{user: n1, access: full}, {user: nl, access: full}]")
        .contains { $0.rule.id == "BH014" })
  }

  @Test func `an authority that etcd's servers have is an error, if it is known`() throws {
    let file = try file("components: [calico-node]", roles: "corrected", version: "v3.32", features: "")
    func rules(_ overlap: AuthorityOverlap?) throws -> [String] {
      try Lint.findings(file, catalogue: catalogue(), authority: overlap).map(\.rule.id)
    }
    #expect(try rules(.same).contains("BH050") && rules(.signed).contains("BH050"))
    #expect(try !rules(.separate).contains("BH050") && !rules(nil).contains("BH050"))
  }

  @Test(arguments: [
    ("custom: [{user: tool, grants: [{prefix: /, access: readwrite}]}]", [Danger.recordCanBeForged]),
    ("custom: [{user: tool, grants: [{prefix: /, access: read}]}]", []),
    ("custom: [{user: tool, grants: [{prefix: /bulkhead/, access: write}]}]", [.recordCanBeForged]),
    ("calicoctl: [{user: admin, access: full}, {user: \u{430}dmin, access: read-only}]", [.namesLookAlike]),
    ("calicoctl: [{user: admin, access: full}]", []),
  ])
  func `what lint finds and apply refuses`(lines: String, dangers: [Danger]) throws {
    let file = try file(
      "components: [calico-node]\n\(lines)", roles: "corrected", version: "v3.32", features: "")
    let segmentation = try Segmentation(file, catalogue: catalogue())
    let found = Danger.allCases.filter { $0.finding(in: segmentation, authority: .separate) != nil }
    #expect(found == dangers)
    // lint reports the same as an error.
    let errors = try Lint.findings(file, catalogue: catalogue()).filter { $0.rule.severity == .error }
    #expect(Set(dangers.map(\.rule.id)).isSubset(of: errors.map(\.rule.id)))
    #expect(Danger.clientsCanActAsMembers.finding(in: segmentation, authority: .same)?.rule.id == "BH050")
  }

  @Test func rulesHaveUniqueIdsAndAdvice() {
    #expect(Set(Lint.rules.map(\.id)).count == Lint.rules.count)
    #expect(Lint.rules.map(\.id).sorted() == Lint.rules.map(\.id))
    #expect(Lint.rules.allSatisfy { !$0.title.isEmpty && !$0.why.isEmpty && !$0.advice.isEmpty })
    #expect(
      Lint.rules.allSatisfy {
        !$0.title.hasSuffix(".") && !$0.why.hasSuffix(".") && !$0.advice.hasSuffix(".")
      })
  }

  @Test func aNewFileHasOnlyFindingsOfSeverityInfo() throws {
    let findings = try Lint.findings(read(FileTemplate().text), catalogue: catalogue())
    #expect(findings.map(\.rule.id) == ["BH032", "BH035"])
    #expect(findings.allSatisfy { $0.rule.severity == .info })
    let seeds = try #require(findings.first)
    #expect(seeds.details.contains("\(v3)bgpconfigurations/default: must exist"))
    #expect(try lint(ResolveTests.demo).map(\.rule.id) == ["BH002", "BH008", "BH032"])
  }

  @Test(
    arguments: ["v3.20", "v3.24", "v3.29", "v3.32", "v3.33"], ["component", "node-certificate", "node-user"])
  func correctedRolesHaveNoFaultInAnyReleaseAndIsolation(version: String, isolation: String) throws {
    let lines = "components: [calico-node, cni-plugin, kube-controllers, typha, felix]\nnodes: [n1, n10]\n"
    let findings = try lint(lines + "isolation: \(isolation)", version: version)
    #expect(told(findings.filter { $0.rule.severity > .info }) == [])
  }

  @Test func documentedRolesReportMissingAndExcessiveAccess() throws {
    let findings = try lint(roles: "documented")
    #expect(
      told(findings.filter { $0.rule.severity == .error }) == [
        "BH030 role calico-node: the published table of calico-node lacks what v3.32 needs",
        "BH030 role cni-plugin: the published table of cni-plugin lacks what v3.32 needs",
        "BH030 role kube-controllers: the published table of kube-controllers lacks what v3.32 needs",
      ])
    let node = try #require(findings.first)
    #expect(
      node.details.contains(
        "readwrite \(v3)tiers/default: startup ends with an error each time, so the node does not come up"))
    let excess = try #require(findings.first { $0.rule.id == "BH031" })
    #expect(
      excess.details.contains(
        "readwrite \(v3)workloadendpoints/*: no program of calico/node writes a workload endpoint, the CNI plugin does"
      ))
    // On the oldest release the published table of the plugin was sufficient.
    #expect(
      try !lint("components: [cni-plugin]", roles: "documented", version: "v3.20").contains {
        $0.rule.id == "BH030"
      })
  }

  @Test func compactionGivesRoot() throws {
    #expect(
      told(try lint(features: "compaction").filter { $0.rule.severity == .error }) == [
        "BH001 identity kube-controllers: 'kube-controllers' has the role root"
      ])
    #expect(
      try lint(ResolveTests.demo, features: "apiserver-without-compaction").map(\.rule.id) == [
        "BH008", "BH032",
      ])
  }

  @Test func grantsOfACustomComponentAreChecked() throws {
    #expect(
      told(try custom("prefix: /, access: read")) == [
        "BH003 identity tool: 'tool' reaches all of Kubernetes"
      ])
    #expect(
      told(try custom("prefix: /registry/pods/, access: read")) == [
        "BH004 identity tool: 'tool' reaches Kubernetes pods"
      ])
    #expect(
      told(try custom("key: /registry/secrets/kube-system/x, access: read")) == [
        "BH003 identity tool: 'tool' reaches Kubernetes secrets kube-system/x"
      ])
    #expect(
      told(try custom("prefix: /bulkhead/, access: readwrite")) == [
        "BH005 identity tool: 'tool' may write under /bulkhead/"
      ])
    #expect(try custom("prefix: /bulkhead/, access: read").isEmpty)
    #expect(
      told(try custom("prefix: \(v3)nodes/, access: write")) == [
        "BH006 identity tool: 'tool' may write but not read \(v3)nodes/*"
      ])
    #expect(try custom("prefix: /tool/, access: write").isEmpty)
    #expect(try custom("prefix: /tool/, access: readwrite").isEmpty)
    #expect(
      told(try custom("prefix: \"\\\\xff\", access: read")) == [
        "BH020 role tool: the grant 'read \\xff*' covers every key from \\xff on"
      ])
  }

  @Test func aPrefixThatEndsWithinANameCoversOtherNames() throws {
    let findings = try custom(
      "prefix: /calico/ipam/v2/host/n1, access: readwrite",
      more: "nodes: [n1, n10, n2, n100]\nisolation: node-certificate")
    #expect(
      told(findings) == [
        "BH021 role tool: the prefix /calico/ipam/v2/host/n1 of the grant 'readwrite /calico/ipam/v2/host/n1*' does not end with a slash"
      ])
    #expect(
      findings.first?.details == [
        "it also covers keys of node n10", "it also covers keys of node n100",
      ])
    #expect(try custom("prefix: /calico/ipam/v2/host/n1/, access: readwrite").isEmpty)
    #expect(try custom("key: /calico/ipam/v2/host/n1, access: readwrite").isEmpty)
    #expect(try custom("prefix: \(v3)profiles/kns., access: readwrite").isEmpty)
  }

  @Test func twoProgramsWithTheSameAccessAreReportedOnce() throws {
    let findings = try lint(
      "components: [calico-node]\ncustom: [{user: b, grants: [{prefix: /x/, access: read}]}, {user: a, grants: [{prefix: /x/, access: read}]}]"
    )
    #expect(
      told(findings.filter { $0.rule.id == "BH007" }) == [
        "BH007 identity b: 'b', 'a' may do exactly the same"
      ])
  }

  @Test(arguments: ["etcd-server", "kube-etcd", "10.0.0.11", "master-1"]) func aUserWithTheNameOfAServer(
    user: String
  ) throws {
    let findings = try custom(
      "key: /x, access: read", user: user, more: "nodes: [master-1]\nisolation: node-certificate")
    #expect(findings.map(\.rule.id) == ["BH009"])
  }

  @Test func settingsWithoutEffectAreReported() throws {
    #expect(
      told(
        try lint("components: [kube-controllers]", features: "wireguard, windows").filter {
          $0.rule.severity > .info
        }) == [
          "BH034 calico.features: the feature 'wireguard' changes nothing on Calico v3.32",
          "BH034 calico.features: the feature 'windows' changes nothing on Calico v3.32",
        ])
    #expect(try !lint(features: "windows").contains { $0.rule.id == "BH034" })
    #expect(try lint("components: [calico-node]\nnodes: [n1]").map(\.rule.id).contains("BH040"))
    #expect(
      try lint("components: [kube-controllers]\nnodes: [n1]\nisolation: node-user").map(\.rule.id).contains(
        "BH041"))
    #expect(
      try lint("components: [calico-node]\nnodes: [n1]\nisolation: node-user", roles: "documented").map(
        \.rule.id
      )
      .contains("BH042"))
  }

  @Test func seedsAreRequiredOrProposed() throws {
    #expect(try lint(features: "seeded").map(\.rule.id) == ["BH033", "BH035"])
    #expect(try lint("components: [kube-controllers]").map(\.rule.id) == ["BH035"])
  }

  @Test func oneUserForAllAndLongLifetimesAreReported() throws {
    let findings = try lint("components: [calico]\ncertificates: {lifetime: 2y}")
    #expect(findings.filter { $0.rule.severity == .warning }.map(\.rule.id) == ["BH036", "BH037"])
    #expect(
      try !lint("components: [calico-node]\ncertificates: {lifetime: 1y}").contains { $0.rule.id == "BH037" })
  }

  @Test func theCostOfManyUsersIsReported() throws {
    let nodes = (1...4000).map { "n\($0)" }.joined(separator: ", ")
    let findings = try lint("components: [calico-node]\nnodes: [\(nodes)]\nisolation: node-user")
    #expect(findings.filter { $0.rule.severity > .info }.map(\.rule.id) == ["BH043"])
    #expect(
      try lint("components: [calico-node]\nnodes: [\(nodes)]\nisolation: node-certificate").allSatisfy {
        $0.rule.severity == .info
      })
  }

  @Test func usersAndRolesOfAClusterAreChecked() {
    let findings = lint(
      [
        "root": ["root"], "boss": ["root"], "api": ["k8s"], "idle": [], "spy": ["peek"], "a b ": ["one"],
        "apiserver": ["root"],
      ],
      [
        "k8s": [Grant(.prefix("/registry/"), .readwrite)], "peek": [Grant(.everything, .read)],
        "one": [Grant(.key("/x/*"), .read)], "unused": [Grant(.key("/x"), .read)],
      ], apiservers: ["apiserver"])
    #expect(
      told(findings) == [
        "BH001 identity boss: 'boss' has the role root",
        "BH003 identity spy: 'spy' reaches all of Kubernetes",
        "BH020 role peek: the grant 'read *' covers every key from \\x00 on",
        "BH011 identity a b : the user name 'a b ' begins or ends with white space",
        #"BH022 role one: the grant 'read /x/\x2a' has a star in its key"#,
        "BH002 identity apiserver: kube-apiserver's user 'apiserver' has the role root",
        "BH010 identity idle: 'idle' may do nothing", "BH012 role unused: no user has the role 'unused'",
      ])
  }

  /// The corrected roles are the same from a cluster as from the file.
  @Test func rolesOfTheCatalogueHaveNoFaultInACluster() throws {
    let file = try segmentation(ResolveTests.demo)
    let cluster = Segmentation(
      cluster: "c", users: .init(uniqueKeysWithValues: file.identities.map { ($0.user, $0.roles) }),
      roles: .init(uniqueKeysWithValues: file.roles.map { ($0.name, $0.grants.map(\.grant)) }),
      apiservers: ["kube-apiserver-etcd-client"])
    #expect(told(Lint.findings(cluster).filter { $0.rule.severity > .info }) == [])
    #expect(file.compared(to: cluster).identities.isEmpty)
  }
}
