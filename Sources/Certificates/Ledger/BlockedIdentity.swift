import Database
import FoundationEssentials

/// An identity that gets no certificate until the block is lifted.
package struct BlockedIdentity: Codable, Hashable, Sendable {
  package let identity: String
  /// The node; nil if the identity is blocked on all nodes.
  package let node: String?
  package let since: Date
  /// The reason of the revocation that blocked it.
  package let reason: String
}

extension BlockedIdentity {
  /// - Parameter row: the columns identity, node, since, reason.
  private init(_ row: borrowing Row) throws {
    identity = try row[0]
    node = try row[1]
    since = Date(secondsSince1970: try row[2])
    reason = try row[3]
  }

  static func all(in db: borrowing Connection) throws -> [Self] {
    try db.rows("SELECT identity, node, since, reason FROM blocked ORDER BY id") { try Self($0) }
  }

  /// The block that applies to a holder; nil without one.
  static func of(_ holder: CertificateHolder, in db: borrowing Connection) throws -> Self? {
    try db.first(
      """
      SELECT identity, node, since, reason FROM blocked WHERE identity = ? AND (node IS NULL OR node IS ?)
      """, holder.name, holder.node
    ) { try Self($0) }
  }

  /// A block that exists keeps its date and reason.
  func insert(_ db: borrowing Connection) throws {
    try db.run(
      "INSERT OR IGNORE INTO blocked (identity, node, since, reason) VALUES (?, ?, ?, ?)", identity, node,
      since.secondsSince1970, reason)
  }
}

extension Ledger {
  /// The blocked identities, in the order in which they were blocked.
  /// - Throws: ``CertificatesError``.
  package func blockedIdentities() throws -> [BlockedIdentity] {
    try read { try BlockedIdentity.all(in: $0) }
  }

  /// The block that applies to a holder; nil without one.
  /// - Throws: ``CertificatesError``.
  package func block(of holder: CertificateHolder) throws -> BlockedIdentity? {
    try read { try BlockedIdentity.of(holder, in: $0) }
  }

  /// Lifts the block of an identity.
  /// - Parameter node: only the block of this node; nil for all blocks of the identity.
  /// - Returns: how many blocks were lifted.
  /// - Throws: ``CertificatesError``.
  package func unblock(_ identity: String, node: String?) throws -> Int {
    try write { db in
      guard let node else { return try db.run("DELETE FROM blocked WHERE identity = ?", identity) }
      return try db.run("DELETE FROM blocked WHERE identity = ? AND node = ?", identity, node)
    }
  }
}

extension CertificateHolder {
  /// - Throws: ``OrderRefusal`` if the holder is blocked.
  func checkIsNotBlocked(in db: borrowing Connection) throws {
    guard let block = try BlockedIdentity.of(self, in: db) else { return }
    let place = block.node.map { " on the node \"\($0)\"" } ?? ""
    throw OrderRefusal(
      .forbidden,
      "\"\(name)\"\(place) is blocked since \(block.since.formatted(.iso8601)): it was revoked",
      hint: "'bulkhead certs unblock' on the authority's machine lifts the block")
  }
}
