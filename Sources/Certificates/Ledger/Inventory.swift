import Files
import FoundationEssentials

/// What the ledger has, and how each certificate stands now.
package struct Inventory: Sendable {
  package enum State: String, Codable, Sendable {
    /// Its file holds it.
    case inUse = "in use"
    /// Its file is gone, was never written, or is elsewhere; it may be in use all the same.
    case away
    /// Its file holds another certificate by now. It is valid all the same until it ends.
    case replaced
    case revoked
    /// Revoked, and its file still holds it.
    case revokedInUse = "revoked, in use"
    case expired
    /// Its time is over, and its file still holds it.
    case expiredInUse = "expired, in use"
  }

  package struct Line: Sendable {
    package let entry: LedgerEntry
    package let state: State
    /// When it is due for renewal.
    package let due: Date
    package let needsAttention: Bool
  }

  /// The first to end stands first.
  package let lines: [Line]

  /// - Parameters:
  ///   - share: of its lifetime after which a certificate needs attention.
  ///   - window: attention for whatever ends within this time instead; nil for the share.
  /// - Throws: ``CertificatesError`` or `FileError`.
  package init(_ ledger: Ledger, now: Date, share: Double, expiringWithin window: Duration? = nil) throws {
    var fingerprints: [String: String?] = [:]
    func fingerprint(of file: String) -> String? {
      if let known = fingerprints[file] { return known }
      let found = (try? CertificateFacts(file: file))?.fingerprint
      fingerprints[file] = .some(found)
      return found
    }
    let entries = try ledger.entries()
    // What is away counts only as long as nothing newer went to the same holder.
    let newest = Dictionary(entries.map { ($0.holder, $0.fingerprint) }, uniquingKeysWith: { $1 })
    lines = entries.map { entry in
      let found = entry.file.flatMap(fingerprint)
      let state = Self.state(of: entry, found: found, now: now)
      let due = dueDate(notBefore: entry.notBefore, notAfter: entry.notAfter, after: share)
      let isSoon =
        window.map { entry.notAfter <= now + Double($0.components.seconds) } ?? (now >= due)
      let needsAttention =
        switch state {
        case .revokedInUse, .expiredInUse: true
        case .inUse: isSoon
        case .away:
          isSoon && newest[entry.holder] == entry.fingerprint && entry.purpose != .probe
        case .replaced, .revoked, .expired: false
        }
      return Line(entry: entry, state: state, due: due, needsAttention: needsAttention)
    }.sorted { ($0.entry.notAfter, $0.entry.identity) < ($1.entry.notAfter, $1.entry.identity) }
  }

  package var needsAttention: Bool { lines.contains(where: \.needsAttention) }

  /// The clients' certificates of an authority that may still be in use: its file holds it, or nothing newer went to
  /// the same holder.
  /// - Parameter authority: the fingerprint of its certificate.
  package func clients(of authority: String) -> [LedgerEntry] {
    let newest = Dictionary(
      lines.map(\.entry).sorted { $0.notBefore < $1.notBefore }.map { ($0.holder, $0.fingerprint) },
      uniquingKeysWith: { $1 })
    return lines.filter { line in
      guard line.entry.authority == authority, line.entry.purpose == .client else { return false }
      return line.state == .inUse
        || line.state == .away && newest[line.entry.holder] == line.entry.fingerprint
    }.map(\.entry)
  }

  private static func state(of entry: LedgerEntry, found: String?, now: Date) -> State {
    let isThere = found == entry.fingerprint
    if entry.revokedAt != nil { return isThere ? .revokedInUse : .revoked }
    if now >= entry.notAfter { return isThere ? .expiredInUse : .expired }
    if isThere { return .inUse }
    return found == nil ? .away : .replaced
  }
}

extension LedgerEntry {
  fileprivate var holder: CertificateHolder {
    CertificateHolder(identity, purpose: purpose, component: component, node: node)
  }
}
