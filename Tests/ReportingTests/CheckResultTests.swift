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

  @Test func junitSkipsRulesThatWereNotLookedAt() {
    let whole = result()
    let partial = CheckResult(
      check: "verify", file: "f", rules: whole.rules, findings: whole.findings, counting: .warning,
      notAsked: ["X1": "has a finding", "X4": "\"a\" <b>"], limits: ["--identity a&b", "--member m"])
    let text = JUnitReport.text(partial)
    func count(_ part: String) -> Int { text.components(separatedBy: part).count - 1 }
    #expect(count("tests=\"5\" failures=\"2\" errors=\"0\" skipped=\"2\"") == 2)
    #expect(count("<testcase ") == 5 && count("</testcase>") == 5)
    #expect(text.contains("<skipped message=\"not asked: &quot;a&quot; &lt;b&gt;\"/>"))
    #expect(count("not asked") == 1, "a finding is no rule that was left out")
    #expect(
      text.contains(
        "<properties><property name=\"limited by\" value=\"--identity a&amp;b --member m\"/></properties>"))
    #expect(!JUnitReport.text(whole).contains("<properties>"))
  }

  @Test func junitOfAClusterWithoutAuthenticationPassesNothing() {
    let report = AuthOffReport(
      cluster: "c", asked: "1 of 1 members", authOff: ["m"], origin: ResultOrigin(at: now, fileSHA256: "00"))
    let text = JUnitReport.text(report.result(file: "f", counting: .error))
    let skipped = text.components(separatedBy: "not asked: authentication is off").count - 1
    #expect(skipped == VerifyRules.all.count - 1)
    #expect(text.components(separatedBy: "<failure ").count == 2)
  }

  @Test func aSavedAcceptanceEndsAfterItsLastDay() {
    let findings = result().findings
    let accepted = findings[1]
    #expect(accepted.isAccepted)
    #expect(accepted.accepted(by: .none, on: Self.day("2027-03-01")) == accepted)
    #expect(!accepted.accepted(by: .none, on: Self.day("2027-03-02")).isAccepted)
    let longer = Acceptances(
      [AcceptedFinding(id: "X2", why: "again", until: Self.day("2027-04-01"))], today: Self.day("2027-03-02"))
    #expect(
      accepted.accepted(by: longer, on: Self.day("2027-03-02")).acceptance
        == "accepted until 2027-04-01: again")
    // An option names no day.
    let option = CheckFinding(result().rules[0], "s", "m", accepting: Acceptances(options: ["X1"]))
    #expect(option.accepted(by: .none, on: Self.day("2099-01-01")).isAccepted)
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
