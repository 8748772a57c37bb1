import Files
import FoundationEssentials

/// The certificates in the ledger, each with its state.
package struct Inventory: Sendable {
  package enum State: String, Codable, Sendable {
    /// Its file contains it.
    case inUse = "in use"
    /// Its file does not exist or is not known here. The certificate may be in use elsewhere.
    case fileMissing = "file missing"
    /// It was made for one run of a command, belongs to no user, and ends within hours. Left out once it has ended.
    case probe = "for one run"
    /// Its file contains another certificate. It is valid until it ends.
    case replaced
    /// Valid, but the file does not have its holder any more.
    case notInFile = "not in the file"
    case revoked
    /// Revoked, and its file still contains it.
    case revokedInUse = "revoked, in use"
    case expired
    /// Expired, and its file still contains it.
    case expiredInUse = "expired, in use"
  }

  package struct Line: Sendable {
    package let entry: LedgerEntry
    package let state: State
    /// When it is due for renewal.
    package let due: Date
    package let needsAttention: Bool
    /// The arguments of `certs revoke` that take a certificate out of use whose holder is not in the file any more; nil
    /// for others.
    package let revocation: [String]?
  }

  /// Ordered by end, the earliest first.
  package let lines: [Line]

  /// - Parameters:
  ///   - share: the share of its lifetime after which a certificate needs attention.
  ///   - window: certificates that end within this time need attention instead; nil for the share.
  ///   - holders: all holders that the file has; nil if that is not known.
  /// - Throws: ``CertificatesError`` or `FileError`.
  package init(
    _ ledger: Ledger, now: Date, share: Double, expiringWithin window: Duration? = nil,
    holders: [CertificateHolder]? = nil
  ) throws {
    let known = holders.map(KnownHolders.init)
    var fingerprints: [String: String?] = [:]
    func fingerprint(of file: String) -> String? {
      if let known = fingerprints[file] { return known }
      let found = (try? CertificateFacts(file: file))?.fingerprint
      fingerprints[file] = .some(found)
      return found
    }
    let entries = try ledger.entries()
    // A certificate without its file needs attention only if it is the newest one of its holder.
    let newest = Dictionary(entries.map { ($0.holder, $0.fingerprint) }, uniquingKeysWith: { $1 })
    lines = entries.filter { $0.purpose != .probe || now < $0.notAfter }.map { entry in
      let found = entry.file.flatMap(fingerprint)
      let isKnown = known?.contain(entry) ?? true
      let state = Self.state(of: entry, found: found, isKnown: isKnown, now: now)
      let due = dueDate(notBefore: entry.notBefore, notAfter: entry.notAfter, after: share)
      let isSoon =
        window.map { entry.notAfter <= now + Double($0.components.seconds) } ?? (now >= due)
      let needsAttention =
        switch state {
        case .revokedInUse, .notInFile: true
        // Nothing renews it, and after its end members refuse it.
        case .expiredInUse: isKnown
        case .inUse: isSoon
        case .fileMissing:
          isSoon && newest[entry.holder] == entry.fingerprint
        case .replaced, .revoked, .expired, .probe: false
        }
      return Line(
        entry: entry, state: state, due: due, needsAttention: needsAttention,
        revocation: state == .notInFile ? known?.revocation(of: entry) : nil)
    }.sorted { ($0.entry.notAfter, $0.entry.identity) < ($1.entry.notAfter, $1.entry.identity) }
  }

  package var needsAttention: Bool { lines.contains(where: \.needsAttention) }

  /// The client certificates of an authority that may still be in use: the file contains it, or it is the
  /// newest one of its holder.
  /// - Parameter authority: the fingerprint of the authority's certificate.
  package func clients(of authority: String) -> [LedgerEntry] {
    let newest = Dictionary(
      lines.map(\.entry).sorted { $0.notBefore < $1.notBefore }.map { ($0.holder, $0.fingerprint) },
      uniquingKeysWith: { $1 })
    return lines.filter { line in
      guard line.entry.authority == authority, line.entry.purpose == .client else { return false }
      return line.state == .inUse
        || line.state == .fileMissing && newest[line.entry.holder] == line.entry.fingerprint
    }.map(\.entry)
  }

  private static func state(of entry: LedgerEntry, found: String?, isKnown: Bool, now: Date) -> State {
    let isThere = found == entry.fingerprint
    if entry.revokedAt != nil { return isThere ? .revokedInUse : .revoked }
    if now >= entry.notAfter { return isThere ? .expiredInUse : .expired }
    if !isKnown { return .notInFile }
    if isThere { return .inUse }
    if entry.purpose == .probe { return .probe }
    return found == nil ? .fileMissing : .replaced
  }
}

/// The holders that a segmentation file has.
private struct KnownHolders {
  private let nodes: [String: Set<String>]
  /// The names of certificates that are not bound to a node. One that was issued over the network has the node of its
  /// proof.
  private let free: Set<String>

  init(_ holders: [CertificateHolder]) {
    free = Set(holders.filter { $0.node == nil }.map(\.name))
    nodes = Dictionary(grouping: holders.filter { $0.node != nil }, by: \.name).mapValues {
      Set($0.compactMap(\.node))
    }
  }

  func contain(_ entry: LedgerEntry) -> Bool {
    guard entry.purpose == .client, !free.contains(entry.identity) else { return true }
    return entry.node.map { nodes[entry.identity]?.contains($0) ?? false } ?? false
  }

  /// The arguments of `certs revoke` for an entry whose holder the file does not have. An identity that the file still
  /// has keeps its other certificates.
  func revocation(of entry: LedgerEntry) -> [String] {
    guard nodes[entry.identity] != nil else { return [entry.identity] }
    return entry.node.map { [entry.identity, "--node", $0] } ?? [entry.serial]
  }
}

extension LedgerEntry {
  fileprivate var holder: CertificateHolder {
    CertificateHolder(identity, purpose: purpose, component: component, node: node)
  }
}
