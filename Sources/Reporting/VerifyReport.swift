import Etcd
import Keyspace
import Segmentation
import Verification

/// The proof: what each identity may do on the live cluster, range by range.
public struct VerifyReport: Encodable, Sendable {
  struct Server: Encodable, Sendable {
    let endpoint: String
    let version: String
    let databaseBytes: Int64
    let quotaBytes: Int64?
  }
  struct Hole: Encodable, Sendable {
    let id: String
    let effect: String
    let versions: [String]
    let remedy: String
  }
  struct Finding: Encodable, Hashable, Sendable {
    let identity: String
    let question: String
    let endpoint: String
    let expected: String
    let got: String
  }

  let cluster: String
  public let isTrustworthy: Bool
  let servers: [Server]
  let alarms: [String]
  let holes: [Hole]
  let probes: Int
  let wrong: [Finding]
  let inconclusive: [Finding]
  let revisionBefore: Int64
  let revisionAfter: Int64
  private let matrix: Matrix

  private enum CodingKeys: String, CodingKey {
    case cluster, isTrustworthy, servers, alarms, holes, probes, wrong, inconclusive, revisionBefore,
      revisionAfter
    case matrix
  }

  public init(
    _ results: [ProbeResult], segmentation: Segmentation, assessment: ServerAssessment,
    revision: (Int64, Int64)
  ) {
    cluster = segmentation.cluster
    isTrustworthy = assessment.isTrustworthy
    servers = assessment.members.map {
      Server(
        endpoint: $0.endpoint.description, version: $0.status.version.description,
        databaseBytes: $0.status.databaseSize, quotaBytes: $0.quota)
    }
    alarms = assessment.alarms.map(\.kind.rawValue)
    holes = assessment.holes.map { hole in
      Hole(
        id: hole.advisory.id, effect: hole.advisory.effect, versions: hole.versions.map(\.description),
        remedy: hole.advisory.remedy)
    }
    probes = results.count
    wrong = results.filter { $0.verdict == .wrong }.map(Finding.init)
    inconclusive = results.filter { $0.verdict == .inconclusive }.map(Finding.init)
    revisionBefore = revision.0
    revisionAfter = revision.1
    matrix = Matrix(results, segmentation: segmentation)
  }

  public var isAsExpected: Bool { wrong.isEmpty && inconclusive.isEmpty }

  public func text(_ style: Style) -> String {
    let sections = [
      trust(style), matrix.lines(style), findings("wrong", wrong, style.bad),
      findings("without an answer", inconclusive, style.caution), summary(style),
    ]
    return sections.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") }.joined(separator: "\n\n")
  }

  private func trust(_ style: Style) -> [String] {
    let versions = servers.map { "\($0.endpoint) \($0.version)" }.joined(separator: ", ")
    var lines = [style.strong("Can these servers be trusted to enforce what is granted?") + "  \(versions)"]
    for alarm in alarms {
      lines.append("  " + style.bad("the alarm \(alarm) is active") + ": some releases then enforce nothing")
    }
    for server in servers where server.quotaBytes == nil {
      lines.append(
        "  " + style.caution("\(server.endpoint) does not tell its quota") + ": writing was not asked about")
    }
    for server in servers {
      guard let quota = server.quotaBytes, Double(server.databaseBytes) >= 0.95 * Double(quota) else {
        continue
      }
      lines.append(
        "  " + style.bad("\(server.endpoint) is full: \(server.databaseBytes) of \(quota) bytes")
          + ": writing was not asked about, a request could raise the alarm NOSPACE")
    }
    guard !holes.isEmpty else {
      if alarms.isEmpty {
        lines.append("  " + style.good("yes: no known way past the grants in this release"))
      }
      return lines
    }
    lines.append(
      "  " + style.bad("no")
        + ": the grants below are enforced for honest clients, but this release has known holes")
    lines +=
      Table(holes.map { [Table.Cell($0.id, style.caution), Table.Cell("\($0.effect) (\($0.remedy))")] }).lines
    return lines
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
