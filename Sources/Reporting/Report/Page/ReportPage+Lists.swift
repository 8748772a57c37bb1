import Cryptography
import FoundationEssentials
import Keyspace
import Segmentation
import Text

/// The sections that list what was found, proven and known.
extension ReportPage {
  // MARK: - Findings and proof

  var findings: Markup {
    let tables = report.checks.map { check -> Markup in
      let old: Markup =
        check.isOfThisFile ? .empty : ", <strong class=\"caution\">of another version of the file</strong>"
      guard !check.findings.isEmpty else {
        return
          "<h3>\(check.check)</h3><p><span class=\"good\">✓</span> nothing found, \(check.at.minute)\(old)</p>\n"
      }
      return """
        <h3>\(check.check)</h3>
        \(PageTable(
          id: "findings-\(check.check)", caption: "What \(check.check) found at \(check.at.minute)\(old)",
          head: ["Finding", "Severity", "Where", "What", "What to do"],
          rows: Self.rows(check.findings)
        ).html)
        """
    }
    return section("findings", "Findings and remedies", "\(tables)")
  }

  private static func rows(_ findings: [CheckFinding]) -> [[Markup]] {
    var shown: [String: Int] = [:]
    var rows: [[Markup]] = []
    for finding in findings {
      shown[finding.id, default: 0] += 1
      guard shown[finding.id, default: 0] <= 20 else { continue }
      let details = finding.details.prefix(20).map { Markup("<li>\($0)</li>") }
      let acceptance: Markup = finding.acceptance.map { "<br><span class=\"muted\">\($0)</span>" } ?? .empty
      rows.append([
        "<span class=\"keys\">\(finding.id)</span>",
        "\(finding.isAccepted ? "<span class=\"sev muted\">– accepted</span>" : finding.severity.marked)",
        "\(finding.subject.isEmpty ? "cluster" : finding.subject)",
        "\(finding.message)\(details.isEmpty ? .empty : "<ul class=\"plain\">\(details)</ul>")\(acceptance)",
        "\(finding.cure)",
      ])
    }
    for (id, count) in shown.sorted(by: { $0.key < $1.key }) where count > 20 {
      rows.append([
        "<span class=\"keys\">\(id)</span>", "", "", "and \(count - 20) more: see the report as JSON", "",
      ])
    }
    return rows
  }

  var proof: Markup {
    guard let proof = report.proof else {
      return section(
        "proof", "Proof",
        """
        <p><strong>Not asked.</strong> This report has no result of <code>bulkhead verify</code>, which compares what each \
        member stores with the file and asks each member with each certificate. Give it with \
        <code>--with verify.json</code>.</p>

        """)
    }
    let nodes =
      proof.nodes == 0
      ? "" : proof.sampledNodes.map { "\($0.count) of \(proof.nodes), a sample" } ?? "all \(proof.nodes)"
    let members = proof.members.map { "\($0.name) etcd \($0.release)" }.joined(separator: ", ")
    let (before, after) = (proof.revisions.first ?? 0, proof.revisions.last ?? 0)
    let changed =
      before == after
      ? "nothing: the store's revision was \(before) before and after"
      : "others wrote meanwhile: the store's revision went from \(before) to \(after)"
    var facts: [(String, String)] = []
    facts.append(("Result", report.proofResult ?? ""))
    facts.append(("When", proof.at.minute))
    facts.append(("Members", proof.asked))
    facts.append(("Releases", members))
    facts.append(
      (
        "Answers",
        "\(proof.answers), of which \(proof.wrong) were not as expected and \(proof.withoutAnswer) are missing"
      ))
    facts.append(("Known vulnerabilities", "as of \(proof.vulnerabilitiesKnownOn)"))
    facts.append(("Changed by asking", changed))
    if !nodes.isEmpty { facts.append(("Nodes probed", nodes)) }
    if !proof.limits.isEmpty { facts.append(("Limited by", proof.limits.joined(separator: " "))) }
    if !proof.notProbed.isEmpty { facts.append(("Not probed", proof.notProbed.joined(separator: ", "))) }
    return section(
      "proof", "Proof",
      PageTable(
        id: "proof-caption", caption: "What was asked of the live cluster", head: ["Subject", "Answer"],
        rows: facts.map { ["\($0.0)", "\($0.1)"] }
      ).html)
  }

  // MARK: - Nodes, certificates, grants

  var nodes: Markup {
    let names = report.nodes.names
    let list: Markup =
      names.isEmpty
      ? .empty
      : """
      <details><summary>\(names.count) \(names.count == 1 ? "node" : "nodes")</summary>\(nameList(names))</details>
      """
    return section(
      "nodes", "Nodes",
      "<p>Isolation <code>\(report.nodes.isolation)</code>. \(report.nodes.meaning)</p>\n\(list)")
  }

  private static let mostCertificates = 100

  var certificates: Markup {
    guard let all = report.certificates else {
      return section(
        "certificates", "Certificates",
        "<p><strong>Not known here.</strong> The ledger of the authority is not on this machine.</p>\n")
    }
    let rows = all.prefix(Self.mostCertificates).map { certificate -> [Markup] in
      let state: Markup =
        certificate.needsAttention
        ? "<span class=\"caution\">! \(certificate.state)</span>" : "\(certificate.state)"
      return [
        "\(certificate.identity)", "\(certificate.node ?? "–")", "\(certificate.ends.minute)",
        certificate.renewal <= report.at
          ? "<span class=\"caution\">! due</span>" : "\(certificate.renewal.minute)", state,
      ]
    }
    let rest = all.count - rows.count
    let due = all.count(where: \.needsAttention)
    return section(
      "certificates", "Certificates by end",
      """
      <p>\(all.count) \(all.count == 1 ? "certificate" : "certificates"), \(due) in need of attention.</p>
      \(rows.isEmpty ? .empty : PageTable(
        id: "certificates-caption", caption: "From the ledger of this machine, the first to end first",
        head: ["Identity", "Node", "Ends", "Renewal", "State"], rows: Array(rows)).html)
      \(rest > 0 ? "<p class=\"muted\">and \(rest) more: see the report as JSON</p>" : .empty)
      """)
  }

  var grants: Markup {
    let lists = report.matrix.columns.filter { !$0.isRoot }.map { column -> Markup in
      let rows = column.grants.map { line -> [Markup] in
        ["<code>\(line.range)</code>", "\(line.access)", "\(line.why)"]
      }
      return """
        <details><summary>\(column.name): \(rows.count) \(rows.count == 1 ? "grant" : "grants")</summary>
        \(PageTable(
          id: "grants-\(column.letter)", caption: "What one \(column.name) is granted",
          head: ["Keys", "Access", "What for"], rows: rows).html)</details>

        """
    }
    return section("grants", "Each grant, with its reason", "\(lists)")
  }

  // MARK: - Changes, gaps

  var changes: Markup {
    guard let changes = report.changes else { return .empty }
    func list(_ title: String, _ items: [String]) -> Markup {
      guard !items.isEmpty else { return .empty }
      let shown = items.prefix(50).map { Markup("<li>\($0)</li>") }
      let more: Markup = items.count > 50 ? "<li>and \(items.count - 50) more</li>" : .empty
      return "<h3>\(title)</h3><ul class=\"plain\">\(shown)\(more)</ul>\n"
    }
    let body: Markup =
      changes.isEmpty
      ? "<p><span class=\"good\">✓</span> Nothing.</p>\n"
      : """
      \(list("Access that is new", changes.gained.map { "\($0.column): \($0.grant)" }))\
      \(list("Access that is gone", changes.lost.map { "\($0.column): \($0.grant)" }))\
      \(list("New kinds of identities", changes.newKinds))\(list("Kinds that are gone", changes.goneKinds))\
      \(list("Users", changes.users))\(list("New findings", changes.newFindings))\
      \(list("Findings that are gone", changes.goneFindings))\(list("Proof", changes.proof.map { [$0] } ?? []))
      """
    return section("changes", "What has changed since \(changes.since.minute)", body)
  }

  var notAsked: Markup {
    let sentences = report.notAsked.map { Markup("<li>\($0)</li>") }
    let keys: Markup =
      report.keys.map { keys in
        let stores = keys.storeBytes.sorted { $0.key < $1.key }
          .map { "\($0.key) \(Self.size($0.value))" }.joined(separator: ", ")
        let items = keys.unowned.map { Markup("<li>\($0)</li>") }
        let unowned: Markup =
          items.isEmpty
          ? "<p>Each key is under a grant of an identity, or is Bulkhead's own.</p>"
          : "<p>Under no grant of an identity:</p><ul class=\"plain\">\(items)</ul>"
        return """
          <h3>Keys at \(keys.at.minute)</h3>
          <p>\(keys.total) keys. Size of the store: \(stores). How many bytes each kind of keys takes is not asked, because \
          that would read the values.</p>
          \(unowned)

          """
      } ?? .empty
    let missing: Markup =
      sentences.isEmpty
      ? "<p>Nothing that this report covers.</p>\n" : "<ul class=\"plain\">\(sentences)</ul>\n"
    return section("not-asked", "What is not known", "\(keys)\(missing)")
  }

  /// `12.3 MiB`.
  static func size(_ bytes: Int64) -> String {
    let tenths = bytes * 10 / 1_048_576
    return "\(tenths / 10).\(tenths % 10) MiB"
  }
}
