import Keyspace
import StrictYAML
import Testing

@testable import Segmentation

/// Rules that a file sets for itself.
@Suite struct AccessRuleTests {
  private static let custom = """
    components: [calico-node]
    custom:
      - {user: billing, grants: [{prefix: /billing/, access: readwrite}]}
      - {user: backup, grants: [{prefix: /billing/invoices/, access: read}]}
      - {user: audit, grants: [{prefix: /audit/, access: readwrite}]}
    kubernetes: {apiserver: kube-apiserver-etcd-client}
    administrators: [{user: kube-etcd-healthcheck-client, why: kubeadm}]
    """

  private func results(_ rule: String, _ lines: String = custom) throws -> [RuleResult] {
    let file = try file(lines + "\nrules: [\(rule)]")
    return file.ruleResults(in: try Segmentation(file, catalogue: catalogue()))
  }

  @Test("only those that the rule names may have the access; administrators are left out")
  func only() throws {
    let kept = try results("{name: a, only: [billing, backup], access: read, prefix: /billing/, why: w}")
    #expect(kept.allSatisfy { $0.holds })
    let broken = try results("{name: a, only: [billing], access: read, prefix: /billing/, why: w}")[0]
    #expect(broken.count == 1)
    let violation = try #require(broken.violations.first)
    #expect(violation.user == "backup" && violation.witness == Key("/billing/invoices/example"))
    #expect(
      violation.sentence
        == "'backup' may read /billing/invoices/example, by read /billing/invoices/* (role backup)"
    )
    // Another access, other keys, no identity.
    #expect(try results("{name: a, only: [billing], access: write, prefix: /billing/, why: w}")[0].holds)
    #expect(try results("{name: a, only: [], access: read, key: /registry/x, why: w}")[0].holds)
    #expect(try !results("{name: a, only: [], access: read, from: /b, to: /c, why: w}")[0].holds)
  }

  @Test("separate identities share no key that one may write; both are named")
  func separate() throws {
    #expect(try results("{name: s, separate: [billing, audit], why: w}")[0].holds)
    #expect(try results("{name: s, separate: [[billing, backup], [audit, calico-node]], why: w}")[0].holds)
    let broken = try results("{name: s, separate: [[audit, billing], [backup]], why: w}")[0]
    let violation = try #require(broken.violations.first)
    #expect(violation.user == "billing" && violation.other == "backup" && broken.count == 1)
    #expect(violation.sentence.contains("'billing' may write /billing/invoices/example"))
    #expect(violation.sentence.hasSuffix("and 'backup' may use the same key"))
    // The other way round, and within a range.
    #expect(try !results("{name: s, separate: [backup, billing], why: w}")[0].holds)
    #expect(try results("{name: s, separate: [backup, billing], prefix: /billing/x/, why: w}")[0].holds)
  }

  @Test("a component names the users of all nodes, in the file and in etcd")
  func nodes() throws {
    let lines = """
      components: [calico-node, kube-controllers]
      isolation: node-user
      nodes: [n1, n2]
      """
    let prefix = "\(v3)nodes/"
    let kept = try results(
      "{name: a, only: [calico-node, kube-controllers], access: write, prefix: \(prefix), why: w}", lines)
    #expect(kept[0].holds)
    let broken = try results(
      "{name: a, only: [kube-controllers, calico-node.n1], access: write, prefix: \(prefix), why: w}", lines)
    #expect(broken[0].violations.map(\.user) == ["calico-node.n2"])
    let observed = Segmentation(
      cluster: "c", users: ["calico-node.n1": ["calico-node.n1"], "calico-node-2": ["calico-node.n1"]],
      roles: ["calico-node.n1": [Grant(.prefix(Key(prefix)), .readwrite)]])
    let rule = AccessRule(name: "a", claim: .only(["calico-node"], .write, .prefix(Key(prefix))), why: "w")
    #expect(rule.result(in: observed, administrators: []).violations.map(\.user) == ["calico-node-2"])
  }

  @Test("an identity with the role root that the file does not name as an administrator breaks a rule")
  func foreignRoot() {
    let observed = Segmentation(
      cluster: "c", users: ["root": ["root"], "mallory": ["root"], "kube": ["root"]], roles: [:])
    let rule = AccessRule(name: "a", claim: .only([], .read, .kubernetes), why: "w")
    let result = rule.result(in: observed, administrators: ["root", "kube"])
    #expect(result.violations.map(\.user) == ["mallory"])
    #expect(result.violations.first?.sentence.hasSuffix("by the role root") == true)
  }

  @Test func lintReportsABrokenRuleAndAnEndedAcceptance() throws {
    let file = try file(
      Self.custom + "\nrules: [{name: money, only: [billing], access: read, prefix: /billing/, why: law}]")
    let ended = try AcceptedFinding(
      id: "BH002", why: "later", until: #require(CalendarDay("2026-01-01")))
    let findings = try Lint.findings(file, catalogue: catalogue(), ended: [ended])
    let broken = try #require(findings.first { $0.rule.id == "BH070" })
    #expect(broken.rule.severity == .error && "\(broken.place)" == "rule money")
    #expect(broken.details.last == "the rule's reason: law")
    #expect(findings.contains { $0.rule.id == "BH071" && $0.message.contains("2026-01-01") })
  }

  @Test(
    "each fault of rules and acceptances has its place and a hint",
    arguments: [
      (
        "rules: [{name: a, only: [biling], access: read, prefix: /a/, why: w}]",
        "the file has no identity 'biling' | did you mean 'billing'?"
      ),
      (
        "rules: [{name: a, access: read, prefix: /a/, why: w}]",
        "a rule has either 'only' or 'separate' | 'only' lists who may have an access, 'separate' two lists of identities that share no key"
      ),
      (
        "rules: [{name: a, only: [audit], access: read, why: w}]",
        "a rule with 'only' has no keys | give it 'key', 'prefix', or 'from' and 'to'"
      ),
      (
        "rules: [{name: a, separate: [audit], why: w}]",
        "'separate' must have two sides | write separate: [a, b], or separate: [[a, b], [c]] for several identities on a side"
      ),
      (
        "rules: [{name: a, separate: [audit, [audit, billing]], why: w}]",
        "'audit' is on both sides of 'separate' | keep it on one side"
      ),
      (
        "accept: [{id: BH099, why: w, until: 2027-03-01}]",
        "lint has no rule 'BH099' | did you mean 'BH009'?"
      ),
      (
        "accept: [{id: BH001, why: w, until: 2027-02-30}]",
        "'until' cannot be '2027-02-30' | write the last day as YEAR-MONTH-DAY: 2027-03-01"
      ),
      (
        "accept: [{id: BH001, until: 2027-03-01}]",
        "an entry of 'accept' lacks the key 'why' | add a line 'why: …'"
      ),
    ])
  func faults(_ lines: String, _ expected: String) throws {
    do {
      _ = try file(Self.custom + "\n" + lines)
      Issue.record("\(lines) has no fault")
    } catch let error as FileFaults {
      let found = error.faults.map { $0.message + ($0.hint.map { " | \($0)" } ?? "") }
      #expect(found == [expected])
    }
  }
}
