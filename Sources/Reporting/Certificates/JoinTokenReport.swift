import Certificates
import FoundationEssentials

/// Join tokens, without their secrets.
package struct JoinTokenReport: TextReport, Sendable {
  struct Line: Encodable, Sendable {
    let id: String
    let node: String?
    let components: [String]?
    let uses: Int
    let state: String
    let createdAt: Date
    let expiresAt: Date
    let revokedAt: Date?
    /// How many certificates were issued to each identity with the token.
    let issued: [String: Int]
  }

  let tokens: [Line]
  /// How many tokens are not listed because they can no longer be used.
  let leftOut: Int

  /// - Parameter all: Whether to list tokens that are used up, expired or revoked.
  package init(_ entries: [JoinTokenEntry], now: Date, all: Bool) {
    let shown = entries.filter { all || $0.state(at: now) == .valid }
    tokens = shown.map { entry in
      Line(
        id: entry.id, node: entry.grant.node, components: entry.grant.components, uses: entry.grant.uses,
        state: entry.state(at: now).rawValue, createdAt: entry.createdAt, expiresAt: entry.grant.expiresAt,
        revokedAt: entry.revokedAt, issued: entry.issued)
    }
    leftOut = entries.count - shown.count
  }

  package func text(_ style: Style) -> String {
    let head = ["TOKEN", "NODE", "COMPONENTS", "STATE", "EXPIRES", "ISSUED"].map {
      Table.Cell($0, style.faint)
    }
    let rows: [[Table.Cell]] = tokens.map { line in
      let issued = line.issued.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)/\(line.uses)" }
      return [
        Table.Cell(line.id, style.strong), Table.Cell(line.node ?? "-"),
        Table.Cell(line.components?.joined(separator: ",") ?? "the node's"), Table.Cell(line.state),
        Table.Cell(line.expiresAt.formatted(.iso8601)),
        Table.Cell(issued.isEmpty ? "-" : issued.joined(separator: ", ")),
      ]
    }
    var lines = Table([head] + rows, indent: 0).lines
    if leftOut > 0 { lines.append(style.faint("\(leftOut) used, expired or revoked: --all lists them")) }
    return lines.joined(separator: "\n")
  }
}
