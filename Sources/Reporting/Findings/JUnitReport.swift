import Segmentation

/// Findings as a JUnit report, which build servers show as tests: a test for each finding, and one that passes for each
/// rule without a finding. An accepted finding and a rule that was not looked at are skipped tests; a finding
/// below the severity that counts passes.
package enum JUnitReport {
  package static func text(_ result: CheckResult) -> String {
    let found = Set(result.findings.map(\.id))
    let rest = result.rules.filter { !found.contains($0.id) }
    let cases =
      result.findings.map { testCase($0, in: result) }
      + rest.map { ruleCase($0, in: result) }
    let failures = result.findings.filter(result.counts).count
    let skipped =
      result.findings.filter(\.isAccepted).count + rest.filter { result.notAsked[$0.id] != nil }.count
    let totals = Markup(
      "tests=\"\(cases.count)\" failures=\"\(failures)\" errors=\"0\" skipped=\"\(skipped)\"")
    let properties: Markup =
      result.limits.isEmpty
      ? .empty
      : """
          <properties><property name="limited by" value="\(result.limits.joined(separator: " "))"/></properties>

      """
    let document: Markup = """
      <?xml version="1.0" encoding="UTF-8"?>
      <testsuites \(totals)>
        <testsuite name="bulkhead \(result.check) \(result.file)" \(totals)>
      \(properties)\(cases)  </testsuite>
      </testsuites>
      """
    return document.text
  }

  /// A rule without a finding.
  private static func ruleCase(_ rule: CheckRule, in result: CheckResult) -> Markup {
    guard let reason = result.notAsked[rule.id] else {
      return "    <testcase classname=\"bulkhead.\(result.check)\" name=\"\(rule.id) \(rule.title)\"/>\n"
    }
    return """
          <testcase classname="bulkhead.\(result.check)" name="\(rule.id) \(rule.title)">
            <skipped message="not asked: \(reason)"/>
          </testcase>

      """
  }

  private static func testCase(_ finding: CheckFinding, in result: CheckResult) -> Markup {
    let place = finding.subject.isEmpty ? "the cluster" : finding.subject
    let title = finding.message == finding.title ? "" : ": \(finding.message)"
    let body: Markup
    let text = ([finding.message] + finding.details + ["why: \(finding.meaning)", "do: \(finding.cure)"])
    let lines = text.map { Markup("\($0)") }.joined(separator: "\n")
    if let acceptance = finding.acceptance {
      body = "<skipped message=\"\(acceptance)\"/>"
    } else if result.counts(finding) {
      body = """
        <failure type="\(finding.severity.word)" message="\(finding.message)">\(lines)</failure>
        """
    } else {
      body = "<system-out>\(finding.severity.word): \(lines)</system-out>"
    }
    return """
          <testcase classname="bulkhead.\(result.check)" name="\(finding.id) \(place)\(title)">
            \(body)
          </testcase>

      """
  }
}
