import Errors
import Etcd
import FoundationEssentials
import Keyspace

/// Names of users and roles that Bulkhead created or took over, and so keeps exactly as the file defines
/// them.
package struct Managed: Hashable, Sendable {
  package var users: Set<String>
  package var roles: Set<String>

  package init(users: Set<String> = [], roles: Set<String> = []) {
    self.users = users
    self.roles = roles
  }

  package func union(_ other: Managed) -> Managed {
    Managed(users: users.union(other.users), roles: roles.union(other.roles))
  }

  func intersection(_ other: Managed) -> Managed {
    Managed(users: users.intersection(other.users), roles: roles.intersection(other.roles))
  }

  /// How many names there are; a user and a role of the same name are two.
  var count: Int { users.count + roles.count }
}

/// What Bulkhead records for one file about a cluster, stored in the cluster itself, so that `apply` knows the
/// same on every machine.
package struct Record: Hashable, Sendable {
  /// The file; nil in a record of format 1, which does not name it.
  package var owner: RecordOwner?
  /// The users and roles that Bulkhead manages.
  package var managed: Managed
  /// The last completed apply; nil while one is running, or if the last was not completed.
  package var applied: Applied?
  /// Users whose access is taken away while refused requests are counted; empty at other times.
  package var leaving: [LeavingUser]
  /// Whether only administrators could write it when it was written; nil in a record of an earlier release, which does
  /// not say. While authentication is off any client can write a record, and this too: so `apply` says false in the
  /// records of other files when it has turned authentication on.
  package var isProven: Bool?

  /// A user that gets its access back if the process that took it away was killed.
  package struct LeavingUser: Codable, Hashable, Sendable {
    package let name: String
    /// The roles that it loses.
    package let roles: [String]
    /// Whether it only loses these roles; else it is deleted.
    private let stays: Bool?
    package var staysAsUser: Bool { stays ?? false }

    package init(name: String, roles: [String], staysAsUser: Bool = false) {
      self.name = name
      self.roles = roles
      stays = staysAsUser ? true : nil
    }
  }

  /// What was applied: if all of it is unchanged, nothing has to be done.
  package struct Applied: Codable, Hashable, Sendable {
    /// SHA-256 of the file's text, in hexadecimal.
    package let file: String
    /// SHA-256 of the desired state: nodes may be listed in another file, and the catalogue is part of the
    /// program.
    package let wanted: String
    /// The auth revision after the apply; nil if another client changed users or roles meanwhile.
    package let authRevision: Int64?
    /// How many differences were left unchanged.
    package let leftAlone: Int
    /// Bulkhead's version.
    package let bulkhead: String
    /// Digest of the passwords that etcd accepted; nil if no user logs in with a password, or none could be
    /// tried.
    var passwords: PasswordDigest?
  }

  package init(
    owner: RecordOwner?, managed: Managed = Managed(), applied: Applied? = nil, leaving: [LeavingUser] = [],
    isProven: Bool? = true
  ) {
    self.isProven = isProven
    self.owner = owner
    self.managed = managed
    self.applied = applied
    self.leaving = leaving
  }
}

// MARK: - as it is stored

extension Record {
  /// etcd accepts requests of up to 1.5 MiB (`--max-request-bytes`); the difference is for the request around
  /// the value.
  static let mostBytes = 1_500_000

  /// The format that is written.
  private static let format = 2

  /// JSON. A name of both a user and a role is stored once, which halves the record if the user of each node
  /// has its own role: 15,000 of each, named like `calico-node.node-12345`, take 375 kB.
  private struct Stored: Codable {
    var format: Int
    /// The oldest format whose readers understand this record; nil in format 1.
    var minReader: Int?
    var owner: RecordOwner?
    var applied: Applied?
    var leaving: [LeavingUser]?
    /// ``Record/isProven``.
    var proven: Bool?
    var usersWithRole: [String]
    var users: [String]
    var roles: [String]
  }

  /// - Throws: ``RecordError`` if it is too long for a request.
  var bytes: [UInt8] {
    get throws {
      let both = managed.users.intersection(managed.roles)
      let stored = Stored(
        format: Self.format, minReader: Self.format, owner: owner, applied: applied,
        leaving: leaving.isEmpty ? nil : leaving, proven: isProven,
        usersWithRole: both.sorted(), users: managed.users.subtracting(both).sorted(),
        roles: managed.roles.subtracting(both).sorted())
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      let bytes = Array(try encoder.encode(stored))
      guard bytes.count <= Self.mostBytes else { throw RecordError.tooLong(bytes.count) }
      return bytes
    }
  }

  /// - Throws: ``RecordError`` if the value cannot be decoded, or is of a format that this version does not
  ///   understand.
  init(_ bytes: [UInt8]) throws {
    self.init(try Self.stored(bytes))
  }

  private init(_ stored: Stored) {
    self.init(
      owner: stored.owner,
      managed: Managed(
        users: Set(stored.users + stored.usersWithRole), roles: Set(stored.roles + stored.usersWithRole)),
      applied: stored.applied, leaving: stored.leaving ?? [], isProven: stored.proven)
  }

  private static func stored(_ bytes: [UInt8]) throws -> Stored {
    let stored: Stored
    do {
      stored = try JSONDecoder().decode(Stored.self, from: Data(bytes))
    } catch {
      throw RecordError.notUnderstood("\(error)")
    }
    guard stored.minReader ?? stored.format <= format else {
      throw RecordError.notUnderstood("its format is \(stored.format)")
    }
    return stored
  }

  /// A record at the key of format 1.
  /// - Returns: nil for ``marker``.
  /// - Throws: ``RecordError``.
  static func ofFormat1(_ bytes: [UInt8]) throws -> Record? {
    let stored = try stored(bytes)
    return stored.format == 1 ? Record(stored) : nil
  }

  /// The value that replaces a record of format 1. Bulkhead 0.1 stops with "its format is 2".
  static let marker = Array(
    #"{"format":2,"minReader":2,"roles":[],"users":[],"usersWithRole":[]}"#.utf8)
}

/// Why the record of a cluster cannot be used.
package enum RecordError: ExplainedError, Hashable, Sendable {
  case tooLong(Int)
  case notUnderstood(String)

  package var description: String {
    switch self {
    case .tooLong(let bytes):
      "the record of what Bulkhead manages would have \(bytes) bytes, and etcd accepts \(Record.mostBytes)"
    case .notUnderstood(let why):
      "the record of what Bulkhead manages, below \(OwnKeys.record), is not understood: \(why)"
    }
  }

  package var hint: String? {
    switch self {
    case .tooLong: "isolation 'node-certificate' needs one user for each component only"
    case .notUnderstood:
      "a newer version of Bulkhead wrote it: use that version"
    }
  }
}
