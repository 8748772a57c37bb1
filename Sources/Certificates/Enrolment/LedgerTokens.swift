import Database
import FoundationEssentials

/// Join tokens in the ledger, shared by all processes that issue certificates.
extension Ledger {
  /// Records tokens, all or none. Call it before they are handed out.
  /// - Throws: ``CertificatesError``, also for a component with a comma: the ledger separates them by commas.
  package func add(_ tokens: [(token: JoinToken, grant: JoinGrant)], now: Date) throws {
    let components = tokens.flatMap { $0.grant.components ?? [] }
    if let name = components.first(where: { $0.contains(",") || $0.isEmpty }) {
      throw CertificatesError(
        "a join token cannot name the component \"\(name)\"", hint: "components have a name without commas")
    }
    try write { db in
      for (token, grant) in tokens {
        try db.run(
          """
          INSERT INTO joinToken (hash, node, components, uses, createdAt, expiresAt)
          VALUES (?, ?, ?, ?, ?, ?)
          """,
          token.hash, grant.node, grant.components?.joined(separator: ","), grant.uses,
          now.secondsSince1970, grant.expiresAt.secondsSince1970)
      }
    }
  }

  /// All tokens, ordered by expiry.
  /// - Throws: ``CertificatesError``.
  package func tokens() throws -> [JoinTokenEntry] {
    try read { db in
      var issued: [String: [String: Int]] = [:]
      _ = try db.rows("SELECT token, identity, count(*) FROM joinTokenUse GROUP BY token, identity") {
        issued[try $0[0], default: [:]][try $0[1]] = try $0[2] as Int
      }
      return try db.rows("SELECT * FROM joinToken ORDER BY expiresAt, hash") {
        try JoinTokenEntry($0, issued: issued[$0[0]] ?? [:])
      }
    }
  }

  /// Marks tokens as revoked. Certificates that were issued with them stay valid.
  /// - Parameter ids: values of ``JoinTokenEntry/id``.
  /// - Throws: ``CertificatesError`` if an id does not exist; then no token is revoked.
  package func revokeTokens(_ ids: [String], at moment: Date) throws {
    try write { db in
      for id in ids {
        let count: Int? = try db.value(
          "SELECT count(*) FROM joinToken WHERE substr(hash, 1, ?) = ?", JoinTokenEntry.idLength, id)
        let isKnown = id.utf8.count == JoinTokenEntry.idLength && (count ?? 0) > 0
        guard isKnown else {
          throw CertificatesError(
            "no join token \"\(id)\"", hint: "'bulkhead authority token list' shows their ids")
        }
        try db.run(
          "UPDATE joinToken SET revokedAt = ? WHERE substr(hash, 1, ?) = ? AND revokedAt IS NULL",
          moment.secondsSince1970, JoinTokenEntry.idLength, id)
      }
    }
  }
}
