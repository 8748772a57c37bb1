import Database
import FoundationEssentials

/// What a join token allows, and for how long.
package struct JoinGrant: Hashable, Sendable {
  /// Whose identities may be asked for; nil for those that belong to no node.
  package let node: String?
  /// Which of them, by component; nil for all of the node's.
  package let components: [String]?
  /// How many certificates each of the identities may get.
  package let uses: Int
  package let expiresAt: Date

  package init(node: String?, components: [String]?, uses: Int, expiresAt: Date) {
    self.node = node
    self.components = components
    self.uses = uses
    self.expiresAt = expiresAt
  }
}

/// A join token as the ledger knows it, which is without the secret.
package struct JoinTokenEntry: Hashable, Sendable {
  static let idLength = 12

  package enum State: String, Codable, Sendable {
    case valid
    /// Each identity that it was made for by name has had its certificates, or any has where none was named.
    case used
    case expired, revoked
  }

  /// The first twelve digits of the token's hash.
  package let id: String
  package let grant: JoinGrant
  package let createdAt: Date
  package let revokedAt: Date?
  /// How many certificates each identity has had.
  package let issued: [String: Int]

  package func state(at moment: Date) -> State {
    if revokedAt != nil { return .revoked }
    if moment >= grant.expiresAt { return .expired }
    let spent = issued.values.filter { $0 >= grant.uses }.count
    return spent >= (grant.components?.count ?? .max) ? .used : .valid
  }
}

extension JoinTokenEntry {
  /// A row of `joinToken`, with its columns in the order of ``LedgerSchema``.
  init(_ row: borrowing Row, issued: [String: Int]) throws {
    id = String((try row[0] as String).prefix(Self.idLength))
    grant = try JoinGrant(row)
    createdAt = Date(secondsSince1970: try row[4])
    revokedAt = try JoinTokenEntry.revokedAt(row)
    self.issued = issued
  }

  /// Of a row of `joinToken`.
  static func revokedAt(_ row: borrowing Row) throws -> Date? {
    (try row[6] as Int64?).map(Date.init(secondsSince1970:))
  }
}

extension JoinGrant {
  /// A row of `joinToken`, with its columns in the order of ``LedgerSchema``.
  init(_ row: borrowing Row) throws {
    node = try row[1]
    components = (try row[2] as String?)?.split(separator: ",").map(String.init)
    uses = try row[3]
    expiresAt = Date(secondsSince1970: try row[5])
  }
}
