import Agent
import FoundationEssentials
import Printing

/// The state of an agent's certificates.
package struct AgentReport: TextReport, Sendable {
  let certificates: [AgentStanding]

  package init(_ standings: [AgentStanding]) { certificates = standings }

  package func text(_ style: Style) -> String {
    Table(
      certificates.map { standing in
        [
          Table.Cell(standing.identity, style.strong), state(standing, style),
          Table.Cell(standing.notAfter.map { "until \($0.formatted(.iso8601))" } ?? "-"),
          Table.Cell(standing.directory, style.faint),
        ]
      }, indent: 0
    ).lines.joined(separator: "\n")
  }

  private func state(_ standing: AgentStanding, _ style: Style) -> Table.Cell {
    switch standing.state {
    case .unusable: Table.Cell("not usable", style.bad)
    case .due: Table.Cell("due", style.caution)
    case .good: Table.Cell(standing.renewed == nil ? "good" : "renewed", style.good)
    }
  }
}
