import Database
import FoundationEssentials

/// What a join token allows, and until when.
package struct JoinGrant: Hashable, Sendable {
  /// The node whose identities may be requested; nil for identities that belong to no node.
  package let node: String?
  /// The allowed components; nil for all of the node.
  package let components: [String]?
  /// How many certificates each identity may get.
  package let uses: Int
  package let expiresAt: Date

  package init(node: String?, components: [String]?, uses: Int, expiresAt: Date) {
    self.node = node
    self.components = components
    self.uses = uses
    self.expiresAt = expiresAt
  }
}

/// A join token as recorded in the ledger, without the secret.
package struct JoinTokenEntry: Hashable, Sendable {
  static let idLength = 12

  package enum State: String, Codable, Sendable {
    case valid
    /// Used up: each component that it names has had all its certificates. A token that names no
    /// components is never used up.
    case used
    case expired, revoked
  }

  /// The first twelve digits of the token's hash.
  package let id: String
  package let grant: JoinGrant
  package let createdAt: Date
  package let revokedAt: Date?
  /// How many certificates each identity has got.
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

  /// The revocation time in a row of `joinToken`.
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
