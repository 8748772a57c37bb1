import Etcd
import Foundation
import Keyspace

/// Names of users and roles that Bulkhead has made or taken over, and so keeps exactly as the file says.
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

/// What Bulkhead remembers of a cluster, in the cluster itself: whoever applies, from wherever, knows the same.
package struct Record: Hashable, Sendable {
  package var managed: Managed
  /// What was applied to its end; nil while something is being applied, or was not to its end.
  package var applied: Applied?

  package struct Applied: Codable, Hashable, Sendable {
    /// SHA-256 of the file's text, in hexadecimal.
    package let file: String
    /// SHA-256 of what the file came to: nodes may be listed elsewhere, and the catalogue is the program's.
    package let wanted: String
    /// The auth revision that was left behind; nil if somebody else changed something meanwhile.
    package let authRevision: Int64?
    /// How many differences were left alone.
    package let leftAlone: Int
    /// Bulkhead's version.
    package let bulkhead: String
    /// Of the passwords that etcd was seen to take; nil where nobody logs in with one, or none could be tried.
    var passwords: PasswordDigest?
  }

  package init(managed: Managed = Managed(), applied: Applied? = nil) {
    self.managed = managed
    self.applied = applied
  }
}

// MARK: - as it is stored

extension Record {
  /// etcd takes requests of up to 1.5 MiB (`--max-request-bytes`); the rest is for what is around the value.
  static let mostBytes = 1_500_000

  /// JSON. A name that both a user and a role have stands once, which halves the record where every node's user has a
  /// role of its own: 15,000 of each, named like `calico-node.node-12345`, come to 375 kB.
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

  /// - Throws: ``RecordError`` if it is not understood.
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

  /// Writes the record. Only the holder of the lock can.
  func write(_ lock: ClusterLock) async throws { try await lock.put(try bytes, at: OwnKeys.record) }
}

/// Why the record of a cluster cannot be used.
package enum RecordError: Error, Hashable, Sendable, CustomStringConvertible {
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

  package var hint: String {
    switch self {
    case .tooLong: "isolation 'node-certificate' does with one user for each component"
    case .notUnderstood:
      "a newer Bulkhead may have written it; without the key, 'management: adopt' takes over what the file names"
    }
  }
}
