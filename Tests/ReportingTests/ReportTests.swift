import Foundation
import Segmentation
import Testing

@testable import Reporting

@Suite struct ReportTests {
  @Test(
    "identities of equal structure are one column, with 3 and with thousands of users",
    arguments: [1, 100, 1_500])
  func groups(_ count: Int) throws {
    let report = try report(nodes(count))
    #expect(
      report.matrix.columns.map(\.name) == [
        "calico-node", "cni-plugin", "kube-controllers", "calicoctl read-only", "kube-apiserver",
        "administrators",
      ])
    let column = try #require(report.matrix.columns.first)
    #expect(column.users.count == count && column.nodes == count && column.isDivided)
    #expect(
      column.grants.contains { $0.range.contains("NODE") }
        && !column.grants.contains { $0.range.contains("worker-1") })
    #expect(report.matrix.columns[3].users == ["alice", "bob"])
    // Of the nodes that Calico knows, a node writes its own only, and the controllers write all.
    let row = try #require(report.matrix.rows.firstIndex { $0.name == "Nodes" })
    #expect(report.matrix.cells[row][0].write == .own)
    #expect(report.matrix.cells[row][2].write == .all)
    #expect(report.html.utf8.count < 1_000_000)
    #expect(!report.sharedByNodes.isEmpty && report.sharedByNodes.allSatisfy { !$0.why.isEmpty })
  }

  @Test func programsOfTheFileHaveRowsOfTheirOwn() throws {
    let report = try report(small)
    let row = try #require(report.matrix.rows.firstIndex { $0.name == "/backup/*" })
    let column = try #require(report.matrix.columns.firstIndex { $0.name == "backup" })
    #expect(report.matrix.cells[row][column].mark == "RW")
    #expect(report.matrix.rows[row].family == "Other programs")
  }

  @Test("without a proof nothing is called proven, and what was not asked is listed")
  func withoutACluster() throws {
    let report = try report(small)
    for text in [report.html, report.markdown] {
      #expect(text.contains("Not asked: whether etcd enforces this"))
      #expect(!text.contains("In force") && !text.lowercased().contains("proven"))
      #expect(text.contains("preflight") && text.contains("no ledger"))
    }
  }

  @Test("a proof of another version of the file does not count as one of this file")
  func oldProof() throws {
    func saved(_ sha256: String, isInForce: Bool = true) throws -> SavedResult {
      try SavedResult(
        json: Array(
          """
          {"cluster": "c", "at": "2027-01-15T08:00:00Z", "fileSHA256": "\(sha256)", "findings": [],
           "isInForce": \(isInForce), "probes": 7, "wrong": [], "inconclusive": [{"identity": "x"}],
           "scope": {"asked": "3 of 3 members", "limits": [], "nodes": 0, "notProbed": []},
           "trust": {"servers": [{"member": "etcd-1", "version": "3.5.1"}], "advisoriesKnownOn": "2026-11-28"},
           "before": {"revision": 4}, "after": {"revision": 4}, "later": 1}
          """.utf8))
    }
    let fresh = try report(small, results: [saved("00")])
    #expect(fresh.html.contains("In force, as far as was asked."))
    #expect(fresh.html.contains("etcd-1 etcd 3.5.1") && fresh.html.contains("2027-01-15 08:00 UTC"))
    #expect(try !report(small, results: [saved("01")]).html.contains("In force"))
    #expect(try report(small, results: [saved("00", isInForce: false)]).html.contains("Not in force"))
    let change = try ReportChanges(from: report(small), to: fresh)
    #expect(change.proof == "in force, before not asked")
  }

  /// A result of verify at the time of the report, unless the test sets another.
  private func verified(
    at date: String = "2027-01-15T08:00:00Z", nodes: Int = 0, wrong: String = "", finding: String = "",
    scope: String = "", trust: String = ""
  ) throws -> SavedResult {
    try SavedResult(
      json: Array(
        """
        {"cluster": "c", "at": "\(date)", "fileSHA256": "00", "findings": [\(finding)],
         "isInForce": true, "probes": 7, "wrong": [\(wrong)], "inconclusive": [],
         "scope": {"asked": "3 of 3 members", "limits": [], "nodes": \(nodes), "notProbed": []\(scope)},
         "trust": {"servers": [], "advisoriesKnownOn": "2026-11-28"\(trust)},
         "before": {"revision": 4}, "after": {"revision": 4}}
        """.utf8))
  }

  @Test func aProofOfOtherNodesOrAnOldOneIsACaution() throws {
    let good = "class=\"verdict good\""
    #expect(try report(small, results: [verified()]).html.contains(good))
    #expect(try report(nodes(3), results: [verified(nodes: 3)]).html.contains(good))
    let added = try report(nodes(3), results: [verified(nodes: 2)])
    let old = try report(small, results: [verified(at: "2027-01-08T07:00:00Z")])
    for (report, reason) in [
      (added, "the proof is of 2 nodes, and the report of 3"),
      (old, "the proof is 7 days old, more than 7"),
    ] {
      #expect(!report.html.contains(good) && report.html.contains("class=\"verdict caution\""))
      #expect(report.html.contains(reason) && report.markdown.contains(reason))
      #expect(report.notAsked.contains { $0.contains(reason) })
    }
    #expect(try report(small, results: [verified(at: "2027-01-08T09:00:00Z")]).html.contains(good))
  }

  @Test func whatVerifyDidNotAskIsListed() throws {
    let saved = try verified(
      scope: #", "notAsked": ["a certificate"]"#,
      trust: #", "notCompared": ["keys: too many"], "unknownPeerPorts": ["https://x:2380 of m: no route"]"#)
    let report = try report(small, results: [saved])
    for sentence in [
      "Not asked: a certificate.", "Not compared between the members: keys: too many.",
      "A peer port was not asked: https://x:2380 of m: no route.",
    ] {
      #expect(report.notAsked.contains(sentence))
    }
    #expect(try Report(json: Array(JSON.text(report).utf8)) == report)
  }

  @Test func anEndedAcceptanceIsNotInForceAndWrongAnswersAreNotExpected() throws {
    func finding(until day: String) -> String {
      """
      {"id": "VF004", "severity": "error", "title": "t", "subject": "user u", "message": "m", "meaning": "w",
       "cure": "c", "isAccepted": true, "acceptance": "accepted until \(day): later"}
      """
    }
    let accepted = try report(
      small, results: [verified(wrong: "{}, {}", finding: finding(until: "2027-01-15"))])
    #expect(accepted.html.contains("but for what was accepted"))
    #expect(accepted.html.contains("5 of 7 answers are as expected"))
    #expect(accepted.markdown.contains("5 of 7 answers are as expected"))
    let ended = try report(
      small, results: [verified(wrong: "{}, {}", finding: finding(until: "2027-01-14"))])
    #expect(ended.proof?.isInForce == false && ended.html.contains("Not in force, or not known to be."))
    #expect(ended.checks.last?.findings.first?.isAccepted == false)
  }

  @Test func aReportAsJSONIsReadBack() throws {
    let first = try report(small)
    let again = try Report(json: Array(JSON.text(first).utf8))
    #expect(again == first)
    #expect(ReportChanges(from: again, to: first).isEmpty)
    let more = try report(small.replacingOccurrences(of: "read-only", with: "full"))
    let changes = ReportChanges(from: again, to: more)
    #expect(changes.newKinds == ["calicoctl full"] && changes.goneKinds == ["calicoctl read-only"])
    #expect(changes.newFindings.contains { $0.hasPrefix("BH008") })
    let wider = try report(
      small.replacingOccurrences(of: "/calico/, access: read}", with: "/calico/, access: readwrite}"))
    #expect(
      ReportChanges(from: again, to: wider).gained == [.init(column: "backup", grant: "write /calico/*")])
    #expect(ReportChanges(from: again, to: wider).lost.isEmpty)
    // As many users as before, and one of them is another.
    let replaced = try report(small.replacingOccurrences(of: "alice", with: "carol"))
    #expect(
      ReportChanges(from: again, to: replaced).users == [
        "calicoctl read-only: 1, before 1: carol is new; alice is gone"
      ])
  }
}
