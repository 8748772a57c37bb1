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
}

/// What Bulkhead records about a cluster, stored in the cluster itself, so that `apply` knows the same on
/// every machine.
package struct Record: Hashable, Sendable {
  /// The users and roles that Bulkhead manages.
  package var managed: Managed
  /// The last completed apply; nil while one is running, or if the last was not completed.
  package var applied: Applied?

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

  package init(managed: Managed = Managed(), applied: Applied? = nil) {
    self.managed = managed
    self.applied = applied
  }
}

// MARK: - as it is stored

extension Record {
  /// etcd accepts requests of up to 1.5 MiB (`--max-request-bytes`); the difference is for the request around
  /// the value.
  static let mostBytes = 1_500_000

  /// JSON. A name of both a user and a role is stored once, which halves the record if the user of each node
  /// has its own role: 15,000 of each, named like `calico-node.node-12345`, take 375 kB.
  private struct Stored: Codable {
    var format = 1
    var applied: Applied?
    var usersWithRole: [String]
    var users: [String]
    var roles: [String]
  }

  /// - Throws: ``RecordError`` if it is too long for a request.
  var bytes: [UInt8] {
    get throws {
      let both = managed.users.intersection(managed.roles)
      let stored = Stored(
        applied: applied, usersWithRole: both.sorted(), users: managed.users.subtracting(both).sorted(),
        roles: managed.roles.subtracting(both).sorted())
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      let bytes = Array(try encoder.encode(stored))
      guard bytes.count <= Self.mostBytes else { throw RecordError.tooLong(bytes.count) }
      return bytes
    }
  }

  /// - Throws: ``RecordError`` if the value cannot be decoded.
  init(_ bytes: [UInt8]) throws {
    let stored: Stored
    do {
      stored = try JSONDecoder().decode(Stored.self, from: Data(bytes))
    } catch {
      throw RecordError.notUnderstood("\(error)")
    }
    guard stored.format == 1 else { throw RecordError.notUnderstood("its format is \(stored.format)") }
    managed = Managed(
      users: Set(stored.users + stored.usersWithRole), roles: Set(stored.roles + stored.usersWithRole))
    applied = stored.applied
  }

  /// Writes the record, on the condition that the lock is held.
  func write(_ lock: ClusterLock) async throws { try await lock.put(try bytes, at: OwnKeys.record) }
}

/// Why the record of a cluster cannot be used.
package enum RecordError: ExplainedError, Hashable, Sendable {
  case tooLong(Int)
  case notUnderstood(String)

  package var description: String {
    switch self {
    case .tooLong(let bytes):
      "the record of what Bulkhead manages would have \(bytes) bytes, and etcd takes \(Record.mostBytes)"
    case .notUnderstood(let why):
      "the record of what Bulkhead manages, \(OwnKeys.record), is not understood: \(why)"
    }
  }

  package var hint: String? {
    switch self {
    case .tooLong: "isolation 'node-certificate' does with one user for each component"
    case .notUnderstood:
      "a newer Bulkhead may have written it; without the key, 'management: adopt' takes over what the file names"
    }
  }
}
