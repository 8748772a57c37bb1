import Certificates
import FoundationEssentials
import Text

/// The issued certificates, and which of them need attention.
package struct InventoryReport: TextReport, Sendable {
  struct Line: Encodable, Sendable {
    let identity: String
    let purpose: String
    let component: String?
    let node: String?
    let serial: String
    let fingerprint: String
    let state: String
    let notBefore: Date
    let notAfter: Date
    let due: Date
    let revokedAt: Date?
    let reason: String?
    let file: String?
    let needsAttention: Bool
    /// The command that revokes a certificate whose holder is not in the file any more; nil for others.
    let revocation: String?
  }

  let certificates: [Line]
  /// Identities that get no certificate over the network.
  let blocked: [BlockedIdentity]
  /// The nextUpdate of the newest revocation list; nil if there is no list.
  let revocationListUntil: Date?
  /// Whether the newest revocation list has expired, so that strict programs no longer accept it.
  let isRevocationListOld: Bool
  /// How many certificates are not listed because they need no action.
  let leftOut: Int
  private let now: Date

  /// The commands that revoke certificates whose holders are not in the file any more.
  package var revocations: [String] {
    certificates.reduce(into: []) { commands, line in
      if let command = line.revocation, !commands.contains(command) { commands.append(command) }
    }
  }

  private enum CodingKeys: String, CodingKey {
    case certificates, blocked, revocationListUntil, isRevocationListOld, leftOut
  }

  /// Whether the exit code must tell that action is needed.
  package var needsAttention: Bool { isRevocationListOld || certificates.contains(where: \.needsAttention) }

  /// - Parameter all: Whether to list certificates that have expired, are revoked or were replaced.
  package init(
    _ inventory: Inventory, blocked: [BlockedIdentity], nextList: Date?, now: Date, all: Bool
  ) {
    self.blocked = blocked
    let shown = inventory.lines.filter { line in
      switch line.state {
      case .inUse, .fileMissing, .revokedInUse, .notInFile: true
      case .expiredInUse: all || line.needsAttention
      case .replaced, .revoked, .expired, .probe: all
      }
    }
    certificates = shown.map { line in
      Line(
        identity: line.entry.identity, purpose: line.entry.purpose.rawValue,
        component: line.entry.component, node: line.entry.node, serial: line.entry.serial,
        fingerprint: line.entry.fingerprint, state: line.state.rawValue, notBefore: line.entry.notBefore,
        notAfter: line.entry.notAfter, due: line.due, revokedAt: line.entry.revokedAt,
        reason: line.entry.reason?.rawValue, file: line.entry.file, needsAttention: line.needsAttention,
        revocation: line.revocation.map { arguments in
          (["bulkhead", "certs", "revoke"] + arguments).map { ShellWord.bash(Array($0.utf8)) }
            .joined(separator: " ")
        })
    }
    leftOut = inventory.lines.count - shown.count
    revocationListUntil = nextList
    isRevocationListOld = nextList.map { $0 < now } ?? false
    self.now = now
  }

  package func text(_ style: Style) -> String {
    let head = ["IDENTITY", "NODE", "STATE", "ENDS", "RENEWAL", "SERIAL"].map { Table.Cell($0, style.faint) }
    func cell(_ text: String, _ line: Line) -> Table.Cell {
      line.needsAttention ? Table.Cell(text, style.caution) : Table.Cell(text)
    }
    let rows: [[Table.Cell]] = certificates.map { line in
      [
        Table.Cell(line.identity, style.strong), Table.Cell(line.node ?? "-"),
        cell(line.state, line),
        Table.Cell("\(line.notAfter.day) \(time(until: line.notAfter))"),
        cell(line.due <= now ? "due" : line.due.day, line),
        Table.Cell(line.serial, style.faint),
      ]
    }
    var lines = Table([head] + rows, indent: 0).lines
    if leftOut > 0 { lines.append(style.faint("\(leftOut) ended, revoked or replaced: --all lists them")) }
    for block in blocked {
      let place = block.node.map { " on \($0)" } ?? ""
      lines.append("blocked since \(block.since.day): \(block.identity)\(place)")
    }
    if let until = revocationListUntil {
      let text = "revocation list: good until \(until.day)"
      lines.append(
        isRevocationListOld ? style.caution("\(text), out of date: run 'bulkhead certs crl'") : text)
    }
    return lines.joined(separator: "\n")
  }

  /// `in 12 d` or `3 h ago`.
  private func time(until date: Date) -> String {
    let seconds = Int(date.timeIntervalSince(now))
    let size = abs(seconds)
    let amount =
      size >= 2 * 86_400 ? "\(size / 86_400) d" : size >= 7_200 ? "\(size / 3_600) h" : "\(size / 60) min"
    return seconds >= 0 ? "in \(amount)" : "\(amount) ago"
  }
}
