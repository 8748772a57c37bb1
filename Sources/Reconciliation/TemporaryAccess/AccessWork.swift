import Errors
import Etcd
import FoundationEssentials
import Keyspace
import Segmentation
import Text

extension TemporaryAccess {
  /// What gives a person access until a moment.
  /// - Parameters:
  ///   - wanted: The file's segmentation with the person in it.
  ///   - state: The users and roles now.
  /// - Throws: ``AccessRefusal``; ``RecordOverlap``.
  package static func work(
    giving user: String, _ wanted: Segmentation, until: Date, by: LockOwner, why: String?,
    from state: ClusterState,
    _ goal: ApplyGoal, _ survey: Survey
  ) throws -> RecordedRun.Work {
    guard survey.authEnabled else { throw AccessRefusal.authIsOff }
    guard !goal.desired.users.contains(where: { $0.name == user }) else { throw AccessRefusal.inFile(user) }
    let all = DesiredState(wanted)
    guard let person = all.users.first(where: { $0.name == user }) else { throw AccessRefusal.inFile(user) }
    let existing = survey.temporaryAccess.first { $0.user == user }
    if let existing {
      guard existing.owner == goal.owner else { throw AccessRefusal.ofAnotherFile(user, existing.owner) }
      guard existing.roles == person.roles else { throw AccessRefusal.otherRole(user, existing.roles) }
    } else if state.users[user] != nil {
      throw AccessRefusal.exists(user)
    }
    let ofFile = Set(goal.desired.roles.map(\.name))
    let made =
      person.roles.filter { state.roles[$0] == nil && !ofFile.contains($0) } + (existing?.madeRoles ?? [])
    let desired = DesiredState(roles: all.roles.filter { person.roles.contains($0.name) }, users: [person])
    // Nothing is taken from a role that exists, so it may not allow more.
    for role in desired.roles {
      let wanted = Permissions(role.permissions.map(\.grant))
      let beyond = (state.roles[role.name] ?? []).map(\.grant).filter { !wanted.include(Permissions([$0])) }
      guard beyond.isEmpty else { throw AccessRefusal.widerRole(role.name, beyond.map(\.description)) }
    }
    let plan = Plan(
      from: state.withoutPasswords, to: desired, applicant: goal.applicant, management: .additive)
    let access = TemporaryAccess(
      user: user, roles: person.roles, madeRoles: Set(made).sorted(), until: until, owner: goal.owner, by: by,
      why: why)
    return RecordedRun.Work(
      plan: plan, state: state, desired: desired, managed: try goal.claim(survey.records).managed,
      writesBefore: [OwnWrite(key: access.key, value: try access.bytes)],
      words: ["access of \(user) until \(until.formatted(.iso8601))"])
  }

  /// What ends the access of people.
  /// - Parameter ended: Of the goal's file. Users that `access` cannot have made stay.
  /// - Throws: ``RecordOverlap``.
  package static func work(
    ending ended: [TemporaryAccess], from state: ClusterState, _ goal: ApplyGoal, _ survey: Survey
  ) throws -> RecordedRun.Work {
    let plausible = ended.filter { $0.isPlausible(state, goal) }
    let names = Set(plausible.map(\.user))
    let ofFile = Set(goal.desired.users.map(\.name))
    let others = state.users.filter { !names.contains($0.key) }.reduce(into: Set<String>()) {
      $0.formUnion($1.value.roles)
    }
    let roles = Set(plausible.flatMap(\.madeRoles)).subtracting(goal.desired.roles.map(\.name)).subtracting(
      others)
    let claim = try goal.claim(survey.records)
    let desired = DesiredState(roles: [], users: [])
    let plan = Plan(
      from: state.withoutPasswords, to: desired, applicant: goal.applicant,
      managed: Managed(users: names.subtracting(ofFile), roles: roles),
      protecting: claim.foreign.union(Managed(users: goal.protected, roles: goal.protected)))
    return RecordedRun.Work(
      plan: plan, state: state, desired: desired, managed: claim.managed,
      writesAfter: ended.map { OwnWrite(key: $0.key, value: nil) },
      words: ended.map { "end the access of \($0.user)" })
  }
}

/// Why a person gets no access for a time.
package enum AccessRefusal: ExplainedError, Hashable, Sendable {
  case authIsOff
  case inFile(String)
  case exists(String)
  case ofAnotherFile(String, RecordOwner)
  case otherRole(String, [String])
  /// A role in etcd, and what it allows beyond the access that was asked for.
  case widerRole(String, [String])

  package var description: String {
    switch self {
    case .authIsOff: "authentication is off: every client that a member admits may do everything already"
    case .inFile(let user): "the file names \(quoted(user)), whose access does not end"
    case .exists(let user):
      "etcd has a user \(quoted(user)) already, and Bulkhead did not give it access for a time"
    case .ofAnotherFile(let user, let owner): "\(quoted(user)) has access for a time from \(owner)"
    case .otherRole(let user, let roles):
      "\(quoted(user)) has the role \(visible(roles.joined(separator: ", "))) for a time, and not the one that was asked for"
    case .widerRole(let role, let beyond):
      "the role \(quoted(role)) in etcd allows more than that access: "
        + beyond.prefix(8).map(visible).joined(separator: ", ")
        + (beyond.count > 8 ? ", and \(beyond.count - 8) more" : "")
    }
  }

  package var hint: String? {
    switch self {
    case .authIsOff: "'bulkhead apply --enable-auth' turns it on"
    case .inFile: "take the user out of the file first, or leave its access as it is"
    case .exists: "choose another name"
    case .ofAnotherFile: "give --file that file"
    case .widerRole(let role, _):
      "'bulkhead apply' narrows a role of the file; 'etcdctl role revoke-permission \(role)' narrows any other"
    case .otherRole(let user, _): "end it first: 'bulkhead access \(user) --end'"
    }
  }
}
