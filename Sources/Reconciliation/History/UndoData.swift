import Cryptography
import Etcd
import FoundationEssentials
import Keyspace
import Segmentation
import Text

/// What takes an apply back: each user and role that it touches, as it was before, and a digest of how the apply
/// leaves it. Passwords are not in it.
package struct UndoData: Codable, Hashable, Sendable {
  package var users: [String: Touched]
  package var roles: [String: Touched]
  /// People whose access for a time the change took away. It is not given again.
  package private(set) var ended: [String]?

  /// A user or role. The names of the keys are short, because there may be tens of thousands.
  package struct Touched: Codable, Hashable, Sendable {
    /// The roles of the user, or the permissions of the role in the form of ``Permission/storedText``; nil if it
    /// did not exist.
    let b: [String]?
    /// The beginning of a digest of the same after the apply; nil if it does not exist then.
    var a: String?
    /// Whether the user had a password; nil if not, or if that was unknown.
    let p: Bool?
    /// Whether Bulkhead managed it before (1) and manages it after the apply (2).
    let m: Int

    package var before: [String]? { b }
    package var hadPassword: Bool { p == true }
    var wasManaged: Bool { m & 1 != 0 }
    var isManaged: Bool { m & 2 != 0 }
  }

  package var isEmpty: Bool { users.isEmpty && roles.isEmpty }

  /// - Parameters:
  ///   - managed: What Bulkhead manages before and after.
  init(
    from before: ClusterState, to after: ClusterState, managed old: Managed, _ new: Managed
  ) {
    func touched(
      _ name: String, _ before: [String]?, _ after: [String]?, password: Bool?, was: Bool, isNow: Bool
    ) -> Touched? {
      guard before != after || was != isNow else { return nil }
      return Touched(
        b: before, a: after.map(Self.digest), p: password, m: (was ? 1 : 0) + (isNow ? 2 : 0))
    }
    users = [:]
    for name in Set(before.users.keys).union(after.users.keys) {
      users[name] = touched(
        name, before.listedRoles(of: name), after.listedRoles(of: name),
        password: before.users[name]?.hasPassword == true ? true : nil, was: old.users.contains(name),
        isNow: new.users.contains(name))
    }
    roles = [:]
    for name in Set(before.roles.keys).union(after.roles.keys) where name != Role.root {
      roles[name] = touched(
        name, before.listedPermissions(of: name), after.listedPermissions(of: name), password: nil,
        was: old.roles.contains(name), isNow: new.roles.contains(name))
    }
  }

  static func digest(_ values: [String]) -> String {
    var digest = SHA256()
    digest.addValues(values)
    return String(digest.digest().hexadecimal.prefix(16))
  }

  /// Leaves out people with access for a time that the change deletes, and the roles that were made for them: brought
  /// back, their access would not end.
  /// - Parameter access: The people, and the roles that were made for them.
  mutating func leaveOut(_ access: Managed) {
    let gone = access.users.filter { name in users[name].map { $0.before != nil && $0.a == nil } ?? false }
    guard !gone.isEmpty else { return }
    for name in gone { users[name] = nil }
    let needed = Set(users.values.flatMap { $0.before ?? [] })
    for name in access.roles where !needed.contains(name) {
      if let role = roles[name], role.before != nil, role.a == nil { roles[name] = nil }
    }
    ended = Set(ended ?? []).union(gone).sorted()
  }

  /// Takes over what an earlier apply touched that was interrupted, so that both are undone as one.
  mutating func absorb(_ earlier: UndoData) {
    func merge(_ now: inout [String: Touched], _ earlier: [String: Touched]) {
      for (name, old) in earlier {
        let new = now[name]
        now[name] = Touched(
          b: old.b, a: new.map(\.a) ?? old.a, p: old.p, m: (old.m & 1) + ((new ?? old).m & 2))
      }
    }
    merge(&users, earlier.users)
    merge(&roles, earlier.roles)
    if let more = earlier.ended { ended = Set(ended ?? []).union(more).sorted() }
  }
}

extension ClusterState {
  /// The roles of a user, sorted; nil if it does not exist.
  func listedRoles(of user: String) -> [String]? { users[user].map { $0.roles.sorted() } }

  /// The permissions of a role, sorted; nil if it does not exist.
  func listedPermissions(of role: String) -> [String]? { roles[role].map { $0.map(\.storedText).sorted() } }
}

// MARK: - as it is stored

extension UndoData {
  /// The largest value that is written in one request, in bytes: etcd accepts requests of 1.5 MiB by default
  /// (`--max-request-bytes`).
  static let chunkBytes = 512 << 10
  /// The most bytes for one apply. 30,000 users and 15,000 roles that an apply creates take 3 MB.
  static let mostBytes = 4 << 20

  var bytes: [UInt8] {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return Array(try encoder.encode(self))
    }
  }

  init(_ bytes: [UInt8]) throws {
    self = try JSONDecoder().decode(UndoData.self, from: Data(bytes))
  }
}
