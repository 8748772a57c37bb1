import Foundation
import GRDB

/// Join tokens in the ledger, so that every process that issues sees the same.
extension Ledger {
  /// Records tokens, all or none. Do it before they are given to anyone.
  /// - Throws: ``CertificatesError``.
  package func add(_ tokens: [(token: JoinToken, grant: JoinGrant)], now: Date) throws {
    try write { db in
      for (token, grant) in tokens {
        try db.execute(
          sql: """
            INSERT INTO joinToken (hash, node, components, uses, createdAt, expiresAt)
            VALUES (?, ?, ?, ?, ?, ?)
            """,
          arguments: [
            token.hash, grant.node, grant.components?.joined(separator: ","), grant.uses,
            Int64(now.timeIntervalSince1970), Int64(grant.expiresAt.timeIntervalSince1970),
          ])
      }
    }
  }

  /// All tokens, the first to expire first.
  /// - Throws: ``CertificatesError``.
  package func tokens() throws -> [JoinTokenEntry] {
    try read { db in
      var issued: [String: [String: Int]] = [:]
      let uses = try Row.fetchCursor(
        db, sql: "SELECT token, identity, count(*) AS uses FROM joinTokenUse GROUP BY token, identity")
      while let row = try uses.next() { issued[row["token"], default: [:]][row["identity"]] = row["uses"] }
      return try Row.fetchAll(db, sql: "SELECT * FROM joinToken ORDER BY expiresAt, hash").map {
        JoinTokenEntry($0, issued: issued[$0["hash"]] ?? [:])
      }
    }
  }

  /// Marks tokens as revoked; the certificates that they brought stay as they are.
  /// - Parameter ids: as ``JoinTokenEntry/id`` gives them.
  /// - Throws: ``CertificatesError`` where there is none of an id; then none is revoked.
  package func revokeTokens(_ ids: [String], at moment: Date) throws {
    try write { db in
      for id in ids {
        let count = try Int.fetchOne(
          db, sql: "SELECT count(*) FROM joinToken WHERE substr(hash, 1, ?) = ?",
          arguments: [JoinTokenEntry.idLength, id])
        let isKnown = id.utf8.count == JoinTokenEntry.idLength && (count ?? 0) > 0
        guard isKnown else {
          throw CertificatesError(
            "there is no join token \"\(id)\"", hint: "'bulkhead authority token list' shows their ids")
        }
        try db.execute(
          sql: "UPDATE joinToken SET revokedAt = ? WHERE substr(hash, 1, ?) = ? AND revokedAt IS NULL",
          arguments: [Int64(moment.timeIntervalSince1970), JoinTokenEntry.idLength, id])
      }
    }
  }
}
