import Etcd
import FoundationEssentials
import Keyspace
import Names
import Segmentation
import Text
import Verification

/// The report in words.
extension VerifyReport {
  package func text(_ style: Style) -> String {
    let sections = [
      trust.lines(style), storedLines(style), ruleLines(style), matrix.lines(style),
      findings("wrong", wrong, style.bad),
      unansweredLines(style), scopeLines(style), summary(style),
    ]
    return sections.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") }.joined(separator: "\n\n")
  }

  private func storedLines(_ style: Style) -> [String] {
    let bad = stored.filter(\.breaksSegmentation)
    let exempt = stored.filter { !$0.breaksSegmentation && $0.isExempt }
    let other = stored.filter { !$0.breaksSegmentation && !$0.isExempt }
    var lines: [String] = []
    func list(_ differences: [Stored]) {
      for difference in differences.prefix(30) {
        lines.append(
          visible(
            "  \(difference.subject): \(difference.kind): \(difference.meaning) (\(difference.members.joined(separator: ", ")))"
          ))
      }
      if differences.count > 30 {
        lines.append("  and \(differences.count - 30) more: see --output json")
      }
      if let cure = differences.lazy.compactMap(\.cure).first {
        lines.append("  hint: \(visible(cure))")
      }
    }
    if !bad.isEmpty {
      lines.append(style.bad("\(bad.count) differences between the file and the users and roles in etcd"))
      list(bad)
    }
    for member in unread {
      lines.append(
        style.bad(visible("the users and roles of \(member.member) were not read: \(member.problem)")))
    }
    if !exempt.isEmpty {
      lines.append(
        style.caution(
          "not in the file, with access to its keys, and not counted because other people manage them"))
      list(exempt)
    }
    if !other.isEmpty {
      lines.append(style.faint("not in the file, and without access to its keys"))
      list(other)
    }
    return lines
  }

  /// The rules of the file that do not hold, and acceptances that have ended.
  private func ruleLines(_ style: Style) -> [String] {
    let shown = findings.filter { [VerifyRules.brokenRule.id, VerifyRules.ended.id].contains($0.id) }
    return shown.flatMap { finding in
      let paint = finding.isAccepted ? style.faint : finding.severity == .error ? style.bad : style.caution
      return [
        paint(
          visible(
            "\(finding.subject)\(finding.subject.isEmpty ? "" : ": ")\(finding.message)"
              + (finding.acceptance.map { " (\($0))" } ?? "")))
      ] + finding.details.map { "  \(visible($0))" }
    }
  }

  private func findings(_ title: String, _ findings: [Finding], _ paint: (String) -> String) -> [String] {
    guard !findings.isEmpty else { return [] }
    let shown = findings.prefix(30).map { finding in
      visible(
        "  \(finding.identity): \(finding.question) at \(finding.endpoint): expected \(finding.expected), got \(finding.got)"
          + (finding.gotThen.map { ", then \($0)" } ?? ""))
    }
    let rest = findings.count - shown.count
    return [paint("\(findings.count) \(title)")] + shown
      + (rest > 0 ? ["  and \(rest) more: see --output json"] : [])
  }

  /// Questions without an answer have few causes: each is named once for an identity and a member.
  private func unansweredLines(_ style: Style) -> [String] {
    guard !inconclusive.isEmpty else { return [] }
    let groups = inconclusive.groupedInOrder { finding in
      "\(finding.identity) \(finding.endpoint) \(finding.gotThen ?? finding.got)"
    }.map(\.elements)
    let shown = groups.prefix(30).map { group in
      let first = group[0]
      let questions =
        group.count == 1 ? first.question : "\(count(group.count, "question")), first \(first.question),"
      return visible("  \(first.identity): \(questions) at \(first.endpoint): \(first.gotThen ?? first.got)")
    }
    let rest = groups.count - shown.count
    var seen: Set<String> = []
    let hints = inconclusive.compactMap(\.cure).filter { seen.insert($0).inserted }
    return [style.caution("\(inconclusive.count) without an answer")] + shown
      + (rest > 0 ? ["  and \(rest) more: see --output json"] : []) + hints.prefix(5).map { "  hint: \($0)" }
  }

  /// At most 20 of them.
  private static func some(_ names: [String]) -> String {
    names.prefix(20).joined(separator: ", ") + (names.count > 20 ? " and \(names.count - 20) more" : "")
  }

  private func scopeLines(_ style: Style) -> [String] {
    var lines: [String] = []
    if !scope.limits.isEmpty { lines.append("limited by \(scope.limits.joined(separator: " "))") }
    if let nodes = scope.sampledNodes {
      let certificates =
        scope.nodesWithCertificate < scope.nodes
        ? "; \(scope.nodesWithCertificate) of \(scope.nodes) have a certificate on this machine (--issue makes some for 15 minutes)"
        : ""
      let sample = nodes.count < scope.nodesWithCertificate ? ", a sample (--seed \(scope.seed))" : ""
      lines.append(
        "probed: \(nodes.count) of \(scope.nodes) nodes\(sample): \(Self.some(nodes))\(certificates)"
      )
    }
    if !scope.otherNodes.isEmpty {
      lines.append(
        "asked for the ranges of \(scope.otherNodes.count) of the \(scope.otherNodeCount) other nodes too: "
          + Self.some(scope.otherNodes))
    }
    if !scope.briefly.isEmpty {
      lines.append(
        "probed with their own ranges and at most one other node's, because an equal identity is probed in full: "
          + Self.some(scope.briefly))
    }
    for login in gateway where login.answer != "logged in" {
      let text =
        "\(login.identity): log in through the JSON gateway of \(login.member), as its client does: \(login.answer)"
      lines.append(login.isFailure ? style.bad(text) : style.caution(text))
    }
    for login in gateway {
      for read in login.wrongReads.prefix(5) {
        lines.append(
          style.bad(visible("\(login.identity): through the JSON gateway of \(login.member): \(read)")))
      }
    }
    lines += scope.notAsked.map { style.faint("not asked: \($0)") }
    if scope.leftOut > 0 {
      lines.append("\(scope.leftOut) questions were left out to add fewer lines to etcd's logs (--log-lines)")
    }
    for user in scope.notProbed.prefix(10) {
      lines.append(style.caution("not probed: \(user.user): \(user.reason)"))
    }
    if scope.notProbed.count > 10 {
      lines.append(style.caution("and \(scope.notProbed.count - 10) more were not probed"))
    }
    return lines
  }

  private func summary(_ style: Style) -> [String] {
    let answers =
      probes == 0
      ? style.bad("no question was asked")
      : wrong.isEmpty && inconclusive.isEmpty
        ? style.good("all \(probes) answers are as expected")
        : style.bad("\(wrong.count) wrong, \(inconclusive.count) without an answer, of \(probes)")
    let bad = stored.filter(\.breaksSegmentation).count
    let exempt = stored.count { !$0.breaksSegmentation && $0.isExempt }
    let more = stored.count - bad - exempt
    let users =
      unread.isEmpty && bad == 0
      ? style.good("users and roles are those of the file")
        + (exempt == 0
          ? "" : "; \(exempt) more, of other people, \(exempt == 1 ? "reaches" : "reach") its keys")
        + (more == 0 ? "" : "; \(more) more, through which no client reaches its keys")
      : style.bad("users and roles are not those of the file")
    var lines = ["\(cluster): \(answers), \(users); \(scope.asked)"]
    if let changedMeanwhile { lines.append(style.bad(changedMeanwhile)) }
    if noVulnerabilityLookedFor {
      lines.append(
        style.bad("no vulnerability was looked for")
          + ": the identities that were asked may make each request that would show one, or log in with a password"
      )
    }
    let seen = trust.vulnerabilities.filter { $0.state == "seen open" && !$0.isAccepted }
    if !seen.isEmpty {
      lines.append(
        style.bad("\(seen.map(\.id).joined(separator: ", ")): seen open, so the grants are not enforced")
          + "; update etcd, or accept it under 'accept' in the file, or with "
          + seen.map { "--accept '\($0.id)'" }.joined(separator: " "))
    }
    let accepted = findings.filter { $0.isAccepted && $0.advisory == nil && $0.severity == .error }
    for (id, same) in accepted.groupedInOrder(by: \.id) {
      lines.append(
        style.caution(
          visible(
            "not counted: \(count(same.count, "finding")) \(id), \(same[0].title): \(same[0].acceptance ?? "")"
          )))
    }
    lines.append(
      before.revision == after.revision
        ? "nothing was changed: the store's revision is \(after.revision) as before"
        : "the store's revision went from \(before.revision) to \(after.revision) meanwhile: others are writing, the questions do not"
    )
    return lines
  }
}
