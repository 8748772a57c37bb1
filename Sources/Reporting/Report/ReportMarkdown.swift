import FoundationEssentials
import Keyspace
import Segmentation
import Text

/// The report as Markdown, for a wiki or a pull request.
struct ReportMarkdown {
  let report: Report

  var text: String {
    let parts = [
      head, changes, leaks, matrix, sharing, findings, proof, nodes, certificates, notAsked,
    ]
    return parts.filter { !$0.isEmpty }.joined(separator: "\n\n")
  }

  /// Text of others on one line: neither HTML nor Markdown in it counts.
  static func plain(_ text: String) -> String {
    var result = ""
    for scalar in visible(text).unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\\", "`", "*", "_", "[", "]", "|", "#", "~", "!": result += "\\\(scalar)"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  private func plain(_ text: String) -> String { Self.plain(text) }

  private func table(_ head: [String], _ rows: [[String]]) -> String {
    guard !rows.isEmpty else { return "" }
    return ([head, head.map { _ in "---" }] + rows).map { "| \($0.joined(separator: " | ")) |" }
      .joined(separator: "\n")
  }

  private var head: String {
    let state =
      report.proof.map { proof in
        !proof.isOfThisFile
          ? "The proof is of another version of the file"
          : "Result: \(report.proofResult ?? ""); \(proof.score), asked \(proof.asked) at \(proof.at.minute)"
      } ?? "Not asked: whether etcd enforces this"
    return """
      # Segmentation of etcd: \(plain(report.cluster))

      Calico \(plain(report.calico.joined(separator: ", "))), \(report.tables) tables, \(report.at.minute), bulkhead \(report.program)

      **\(plain(state)).**
      """
  }

  private var changes: String {
    guard let changes = report.changes else { return "" }
    let lists = [
      ("Access that is new", changes.gained.map { "\($0.column): \($0.grant)" }),
      ("Access that is gone", changes.lost.map { "\($0.column): \($0.grant)" }),
      ("New kinds of identities", changes.newKinds), ("Kinds that are gone", changes.goneKinds),
      ("Users", changes.users), ("New findings", changes.newFindings),
      ("Findings that are gone", changes.goneFindings), ("Proof", changes.proof.map { [$0] } ?? []),
    ].filter { !$0.1.isEmpty }.map { title, items in
      "### \(title)\n\n" + items.map { "- \(plain($0))" }.joined(separator: "\n")
    }
    return (["## What has changed since \(changes.since.minute)"] + (lists.isEmpty ? ["Nothing."] : lists))
      .joined(separator: "\n\n")
  }

  private var leaks: String {
    let total = report.matrix.rows.count
    let rows = report.matrix.columns.indices.map { index -> [String] in
      let column = report.matrix.columns[index]
      let cells = report.matrix.cells(ofColumn: index)
      let writes = cells.count { $0.cell.write != .none }
      let reads = cells.count { $0.cell.read != .none && $0.cell.write == .none }
      return [
        plain(column.name), "\(column.users.count)",
        column.isRoot ? "everything, users and roles too" : "\(writes) of \(total)",
        column.isRoot ? "" : "\(reads)",
      ]
    }
    return "## What a leaked certificate opens\n\n"
      + table(
        ["certificate of", "users", "changes kinds of keys", "only reads"],
        [["before: the one shared certificate", "1", "everything", ""]] + rows)
  }

  private var matrix: String {
    let shown = report.matrix.columns.indices.filter { !report.matrix.columns[$0].isRoot }
    let rows = zip(report.matrix.rows, report.matrix.cells).map { row, cells in
      [plain(row.name)] + shown.map { cells[$0].mark }
    }
    return """
      ## Components and resources

      R reads, W writes; capitals: all of these keys, small letters: a part, such as those of its own node.

      \(table(["keys"] + shown.map { plain(report.matrix.columns[$0].name) }, rows))
      """
  }

  private var sharing: String {
    let rows = report.shared.groupedInOrder(by: \.writers).map { same, entries in
      [
        plain(entries.map(\.keys).joined(separator: ", ")),
        same.map { writer in
          plain(writer.column) + (writer.why.isEmpty ? "" : ": \(plain(writer.why.joined(separator: "; ")))")
        }.joined(separator: "<br>"),
      ]
    }
    let nodes = report.sharedByNodes.map {
      [plain($0.range), plain($0.column), $0.access, plain($0.why)]
    }
    let rules = report.rules.map {
      [plain($0.name), $0.holds ? "yes" : "no", plain($0.sentence), plain($0.why)]
    }
    let tables = [
      table(["rule", "holds", "what it says", "why"], rules),
      table(["keys that several kinds may change", "who, and why it cannot be less"], rows),
      table(["keys that nodes share", "component", "access", "why it cannot be less"], nodes),
    ].filter { !$0.isEmpty }
    return (["## What is shared, and why"] + (tables.isEmpty ? ["Nothing."] : tables)).joined(
      separator: "\n\n")
  }

  private var findings: String {
    let checks = report.checks.map { check -> String in
      let rows = check.findings.map { finding in
        [
          finding.id, finding.isAccepted ? "accepted" : finding.severity.word,
          plain(finding.subject.isEmpty ? "cluster" : finding.subject),
          plain(([finding.message] + (finding.acceptance.map { [$0] } ?? [])).joined(separator: "; ")),
          plain(finding.cure),
        ]
      }
      let old = check.isOfThisFile ? "" : ", of another version of the file"
      return "### \(check.check), \(check.at.minute)\(old)\n\n"
        + (rows.isEmpty ? "Nothing found." : table(["id", "severity", "where", "what", "what to do"], rows))
    }
    return (["## Findings and remedies"] + checks).joined(separator: "\n\n")
  }

  private var proof: String {
    guard let proof = report.proof else {
      return "## Proof\n\nNot asked: this report has no result of `bulkhead verify`."
    }
    let members = proof.members.map { "\($0.name) etcd \($0.release)" }.joined(separator: ", ")
    return "## Proof\n\n"
      + table(
        ["subject", "answer"],
        [
          ["result", report.proofResult ?? ""],
          ["when", proof.at.minute], ["members", plain(proof.asked)], ["releases", plain(members)],
          ["answers", "\(proof.answers), \(proof.wrong) not as expected, \(proof.withoutAnswer) missing"],
          ["vulnerabilities known on", plain(proof.vulnerabilitiesKnownOn)],
        ] + (proof.limits.isEmpty ? [] : [["limited by", plain(proof.limits.joined(separator: " "))]]))
  }

  private var nodes: String {
    let number = report.nodes.names.isEmpty ? "" : " \(report.nodes.names.count) nodes."
    return "## Nodes\n\nIsolation `\(report.nodes.isolation)`.\(number) \(report.nodes.meaning)"
  }

  private var certificates: String {
    guard let all = report.certificates else {
      return "## Certificates\n\nNot known here: the ledger of the authority is not on this machine."
    }
    let rows = all.prefix(200).map { certificate in
      [
        plain(certificate.identity), plain(certificate.node ?? "-"), certificate.ends.minute,
        certificate.renewal.minute,
        certificate.state + (certificate.needsAttention ? " (needs attention)" : ""),
      ]
    }
    let rest = all.count - rows.count
    return "## Certificates by end\n\n"
      + (rows.isEmpty ? "None." : table(["identity", "node", "ends", "renewal", "state"], Array(rows)))
      + (rest > 0 ? "\n\nand \(rest) more: see the report as JSON" : "")
  }

  private var notAsked: String {
    report.notAsked.isEmpty
      ? "" : "## What is not known\n\n" + report.notAsked.map { "- \(plain($0))" }.joined(separator: "\n")
  }
}
