import Keyspace
import Segmentation

/// What someone with a leaked certificate can do.
package struct BlastRadiusReport: TextReport, Sendable {
  struct Reach: Encodable, Sendable {
    let name: String
    let read: String
    let write: String
  }
  struct Tally: Encodable, Sendable {
    let keys: Int
    let readable: Int
    let writable: Int
    let singleUser: Int
  }
  struct Shared: Encodable, Sendable {
    let range: String
    let why: String
  }

  let identity: String
  let isRoot: Bool
  let reaches: [Reach]
  let shared: [Shared]
  /// The counts for the keys of the live cluster; nil if the cluster was not read.
  let tally: Tally?

  package init(_ radius: BlastRadius, tally: BlastRadius.Tally?) {
    identity = radius.identity.user
    isRoot = radius.isRoot
    reaches = radius.reaches.map { reach in
      Reach(name: reach.name, read: "\(reach.reads)", write: "\(reach.writes)")
    }
    shared = radius.shared.map {
      Shared(range: $0.line.grant.range.description, why: $0.line.whyShared ?? $0.line.why)
    }
    self.tally = tally.map {
      Tally(keys: $0.keys, readable: $0.readable, writable: $0.writable, singleUser: $0.singleUser)
    }
  }

  package func text(_ style: Style) -> String {
    var lines = ["\(style.strong("if the certificate of \(identity) leaks"))"]
    if isRoot {
      lines.append("  \(style.bad("everything")): it has the role root, and may change users and roles")
    }
    if reaches.isEmpty { lines.append("  \(style.good("nothing")) can be reached with it") }
    lines += Table(reaches.map { row($0, style) }).lines
    for item in shared { lines.append("  not this node's own: \(item.range) (\(item.why))") }
    if let tally {
      lines.append(
        "  of the \(tally.keys) keys that exist now it can read \(tally.readable) and change \(tally.writable); one shared user of all of Calico could change \(tally.singleUser)"
      )
    }
    return lines.joined(separator: "\n")
  }

  private func row(_ reach: Reach, _ style: Style) -> [Table.Cell] {
    let change =
      reach.write == "none"
      ? Table.Cell("no change") : Table.Cell("change and delete \(reach.write)", style.caution)
    return [Table.Cell(reach.name), Table.Cell("read \(reach.read)"), change]
  }
}
