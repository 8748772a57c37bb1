import Foundation
import Segmentation
import Testing

@testable import Reporting

/// Results for machines: one form for lint, preflight and verify.
@Suite struct CheckResultTests {
  private let acceptances = Acceptances(
    [AcceptedFinding(id: "x2", subject: "user <b>", why: "\"quoted\" & known", until: day("2027-03-01"))],
    today: day("2027-03-01"))

  private static func day(_ text: String) -> CalendarDay {
    CalendarDay(text) ?? CalendarDay(of: Date())
  }

  private func result() -> CheckResult {
    func rule(_ id: String, _ severity: FindingSeverity) -> CheckRule {
      CheckRule(id: id, severity: severity, title: "title of \(id)", meaning: "why", cure: "do")
    }
    let rules = [rule("X1", .error), rule("X2", .error), rule("X3", .info), rule("X4", .warning)]
    let findings = [
      CheckFinding(rules[0], "member a&b", "<wrong>", details: ["one", "two"], accepting: acceptances),
      CheckFinding(rules[1], "user <b>", "accepted there", accepting: acceptances),
      CheckFinding(rules[1], "user c", "not accepted here", accepting: acceptances),
      CheckFinding(rules[2], "", "an info\u{1}", accepting: acceptances),
    ]
    return CheckResult(check: "lint", file: "a\"b.yaml", rules: rules, findings: findings, counting: .warning)
  }

  @Test func junitHasATestForEachFindingAndEachRuleWithout() throws {
    let text = JUnitReport.text(result())
    func count(_ part: String) -> Int { text.components(separatedBy: part).count - 1 }
    #expect(count("tests=\"5\" failures=\"2\" errors=\"0\" skipped=\"1\"") == 2)
    #expect(count("<testcase ") == 5 && count("</testcase>") == 4, "one is empty")
    #expect(count("<failure ") == 2 && count("</failure>") == 2 && count("<system-out>") == 1)
    #expect(text.contains("<skipped message=\"accepted until 2027-03-01: &quot;quoted&quot; &amp; known\"/>"))
    #expect(text.contains("name=\"X1 member a&amp;b: &lt;wrong&gt;\""))
    #expect(text.contains("an info\\u{1}") && text.contains("a&quot;b.yaml"))
  }

  @Test func sarifSuppressesWhatIsAccepted() throws {
    let value =
      try JSONSerialization.jsonObject(with: Data(JSON.text(SARIFReport(result())).utf8)) as? [String: Any]
    let run = try #require((value?["runs"] as? [[String: Any]])?.first)
    let results = try #require(run["results"] as? [[String: Any]])
    #expect(results.map { $0["level"] as? String } == ["error", "error", "error", "note"])
    #expect(results.map { $0["suppressions"] != nil } == [false, true, false, false])
    let rules = (run["tool"] as? [String: [String: Any]])?["driver"]?["rules"] as? [[String: Any]]
    #expect(rules?.count == 4)
  }

  @Test func anAcceptanceEndsAfterItsLastDay() {
    let entry = AcceptedFinding(id: "PF012", why: "w", until: Self.day("2027-03-01"))
    let last = Acceptances([entry], today: Self.day("2027-03-01"))
    #expect(last.reason(for: ["pf012"], at: "member a") != nil && last.ended.isEmpty)
    let after = Acceptances([entry], today: Self.day("2027-03-02"))
    #expect(after.reason(for: ["PF012"], at: "member a") == nil && after.ended == [entry])
  }
}

private func day(_ text: String) -> CalendarDay { CalendarDay(text) ?? CalendarDay(of: Date()) }
