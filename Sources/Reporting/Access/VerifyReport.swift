import Etcd
import Keyspace
import Names
import Segmentation
import Verification

/// What each identity may do on the live cluster, range by range, and whether that is as expected.
package struct VerifyReport: TextReport, Sendable {
  struct Finding: Encodable, Hashable, Sendable {
    let identity: String
    let question: String
    let endpoint: String
    let expected: String
    let got: String
  }

  let cluster: String
  let trust: TrustReport
  let probes: Int
  let wrong: [Finding]
  let inconclusive: [Finding]
  let revisionBefore: Int64
  let revisionAfter: Int64
  let matrix: Matrix

  package init(
    _ results: [ProbeResult], segmentation: Segmentation, assessment: ServerAssessment,
    revision: (Int64, Int64)
  ) {
    cluster = segmentation.cluster
    trust = TrustReport(assessment)
    probes = results.count
    wrong = results.filter { $0.verdict == .wrong }.map(Finding.init)
    inconclusive = results.filter { $0.verdict == .inconclusive }.map(Finding.init)
    revisionBefore = revision.0
    revisionAfter = revision.1
    matrix = Matrix(results, segmentation: segmentation)
  }

  /// Whether the members can be trusted to enforce the grants.
  package var isTrustworthy: Bool { trust.isTrustworthy }
  /// Whether every probe was answered as expected.
  package var isAsExpected: Bool { wrong.isEmpty && inconclusive.isEmpty }

  package func text(_ style: Style) -> String {
    let sections = [
      trust.lines(style), matrix.lines(style), findings("wrong", wrong, style.bad),
      findings("without an answer", inconclusive, style.caution), summary(style),
    ]
    return sections.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") }.joined(separator: "\n\n")
  }

  private func findings(_ title: String, _ findings: [Finding], _ paint: (String) -> String) -> [String] {
    guard !findings.isEmpty else { return [] }
    let shown = findings.prefix(30).map { finding in
      "  \(finding.identity): \(finding.question) at \(finding.endpoint): expected \(finding.expected), got \(finding.got)"
    }
    let rest = findings.count - shown.count
    return [paint("\(findings.count) \(title)")] + shown
      + (rest > 0 ? ["  and \(rest) more: see --output json"] : [])
  }

  private func summary(_ style: Style) -> [String] {
    let verdict =
      isAsExpected
      ? style.good("all \(probes) answers are as expected")
      : style.bad("\(wrong.count) wrong, \(inconclusive.count) without an answer, of \(probes)")
    let revision =
      revisionBefore == revisionAfter
      ? "nothing was changed: the store's revision is \(revisionAfter) as before"
      : "the store's revision went from \(revisionBefore) to \(revisionAfter) meanwhile: others are writing, the questions do not"
    return ["\(cluster): \(verdict)", revision]
  }
}

extension VerifyReport.Finding {
  fileprivate init(_ result: ProbeResult) {
    identity = result.probe.user
    question = result.probe.question.description
    endpoint = result.endpoint.description
    expected = result.probe.isAllowed ? "allowed" : "denied"
    got =
      switch result.answer {
      case .allowed: "allowed"
      case .denied: "denied"
      case .inconclusive(let error): error.message
      }
  }
}
