import Cryptography
import Etcd
import FoundationEssentials
import Keyspace
import Segmentation
import Text

/// Access of a person for a limited time, apart from the file: stored below `/bulkhead/v1/people/`. While its time
/// runs, nothing is taken from the user. When it is over, the user is removed by the next apply, as one that Bulkhead
/// made and the file does not name.
package struct TemporaryAccess: Codable, Hashable, Sendable {
  package let user: String
  package let roles: [String]
  /// The roles that were made for it, and are removed with it.
  let madeRoles: [String]
  package let until: Date
  /// The file with which it was given.
  package let owner: RecordOwner
  /// Who gave it, and when.
  package let by: LockOwner
  package let why: String?

  /// Whether its time is over.
  package func isOver(at moment: Date) -> Bool { until <= moment }

  var key: Key { OwnKeys.person(user) }

  /// Whether `access` can have made the user: it has no password, its roles are among those that were given to it, and
  /// each is one of calicoctl that allows no more than the catalogue says. A client that could once write Bulkhead's
  /// keys may have named any user there; it is reported like any other user then.
  func isPlausible(_ state: ClusterState, _ goal: ApplyGoal) -> Bool { isPlausible(state, goal.calicoctl) }

  /// - Parameter calicoctl: What each role of calicoctl in the catalogue allows, by name.
  func isPlausible(_ state: ClusterState, _ calicoctl: [String: Permissions]) -> Bool {
    let areOfCalicoctl = (roles + madeRoles).allSatisfy { role in
      guard let known = calicoctl[role] else { return false }
      return known.include(Permissions((state.roles[role] ?? []).map(\.grant)))
    }
    guard areOfCalicoctl, let found = state.users[user] else { return areOfCalicoctl }
    return !found.hasPassword && !found.acceptsEmptyPassword && found.roles.isSubset(of: roles)
  }

  /// The longest time for which access is given, in seconds.
  package static let longest = 30.0 * 86_400
}

extension TemporaryAccess {
  private struct Stored: Codable {
    var format: Int
    var access: TemporaryAccess
  }

  private static let format = 1

  var bytes: [UInt8] {
    get throws {
      let encoder = JSONEncoder()
      encoder.dateEncodingStrategy = .iso8601
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return Array(try encoder.encode(Stored(format: Self.format, access: self)))
    }
  }

  /// - Throws: ``RecordError`` if the value is of another format: nothing may be taken from a user of it.
  init(_ bytes: [UInt8]) throws {
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .iso8601
    guard let stored = try? decoder.decode(Stored.self, from: Data(bytes)), stored.format == Self.format
    else {
      throw RecordError.notUnderstood("the access of a person that ends has an unknown format")
    }
    self = stored.access
  }

  /// - Parameter entries: Those below `/bulkhead/v1/`.
  static func all(_ entries: [Entry]) throws -> [TemporaryAccess] {
    try entries.filter { OwnKeys.people.contains($0.key) }.map { try TemporaryAccess($0.value) }
      .sorted { $0.user < $1.user }
  }
}

extension OwnKeys {
  private static let peoplePrefix = Key.bulkhead + "v1/people/"
  static let people = KeyRange.prefix(peoplePrefix)

  /// Names may be long and contain any character, so it is a digest.
  static func person(_ user: String) -> Key {
    Key(peoplePrefix.bytes + Array(SHA256.hash(Array(user.utf8)).hexadecimal.prefix(32).utf8))
  }
}

extension Survey {
  /// The access of people that was given with a file, by user.
  package func temporaryAccess(of owner: RecordOwner) -> [TemporaryAccess] {
    temporaryAccess.filter { $0.owner == owner }
  }

  /// What is over at the time of the survey.
  package func endedAccess(of owner: RecordOwner) -> [TemporaryAccess] {
    temporaryAccess(of: owner).filter { $0.isOver(at: takenAt) }
  }

  /// What counts as Bulkhead's own because its time is over.
  func managedByEndedAccess(of goal: ApplyGoal, _ state: ClusterState) -> Managed {
    let running = Set(temporaryAccess.filter { !$0.isOver(at: takenAt) }.flatMap(\.roles))
    let ended = endedAccess(of: goal.owner).filter { $0.isPlausible(state, goal) }
    return Managed(
      users: Set(ended.map(\.user)), roles: Set(ended.flatMap(\.madeRoles)).subtracting(running))
  }
}
