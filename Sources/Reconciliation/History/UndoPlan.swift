import Errors
import Etcd
import Keyspace
import Segmentation
import Text

/// What takes a change back, as far as that is possible now.
package struct UndoPlan: Sendable {
  package let entry: HistoryEntry
  package let plan: Plan
  /// What the plan leads to.
  let desired: DesiredState
  /// What Bulkhead manages afterwards.
  let managedAfter: Managed
  /// What is not as before afterwards, and why, in words.
  package let remaining: [String]

  /// - Parameters:
  ///   - state: The users and roles now.
  ///   - claim: The file's part of the records.
  /// - Throws: ``UndoRefusal``.
  init(
    _ entry: HistoryEntry, _ data: UndoData, from state: ClusterState, _ goal: ApplyGoal,
    _ claim: Records.Claim
  ) throws(UndoRefusal) {
    guard entry.isComplete else { throw .incomplete(entry.number) }
    let conflicts = data.conflicts(with: state)
    guard conflicts.isEmpty else { throw .changedSince(entry.number, conflicts) }
    let fileUsers = Dictionary(goal.desired.users.map { ($0.name, $0) }) { first, _ in first }
    // Who could once write Bulkhead's keys may have written what is brought back.
    let administrators = Set(goal.desired.users.filter { $0.roles.contains(Role.root) }.map(\.name))
      .union([Role.root, goal.applicant]).union(
        state.users.filter { $0.value.roles.contains(Role.root) }.map(\.key))
    let desired = DesiredState(
      roles: data.roles.compactMap { name, role in
        role.before.map { texts in
          DesiredState.Role(name: name, permissions: Self.permissions(texts))
        }
      },
      users: data.users.compactMap { name, user in
        user.before.map { roles in
          DesiredState.User(
            name: name, roles: roles.filter { $0 != Role.root || administrators.contains(name) },
            isExact: fileUsers[name]?.isExact ?? (name != Role.root),
            isAPIServer: fileUsers[name]?.isAPIServer ?? false, login: fileUsers[name]?.login ?? .certificate)
        }
      })
    // Only what the change touched counts as managed, so that nothing else is removed.
    let touched = Managed(users: Set(data.users.keys), roles: Set(data.roles.keys))
    let protected = claim.foreign.union(Managed(users: goal.protected, roles: goal.protected))
    // Passwords are left as they are.
    let plain = state.withoutPasswords
    let plan = Plan(
      from: plain, to: desired, applicant: goal.applicant, managed: touched, protecting: protected)
    self.entry = entry
    self.plan = plan
    self.desired = desired
    var managed = claim.managed
    for (name, user) in data.users where user.wasManaged != user.isManaged {
      if user.wasManaged { managed.users.insert(name) } else { managed.users.remove(name) }
    }
    for (name, role) in data.roles where role.wasManaged != role.isManaged {
      if role.wasManaged { managed.roles.insert(name) } else { managed.roles.remove(name) }
    }
    managedAfter = managed
    remaining = data.remaining(plain.after(plan.changes), plan, wasOff: !state.authEnabled)
  }

  /// Permissions of one range become one, as etcd needs it to change them.
  static func permissions(_ texts: [String]) -> [Permission] {
    texts.compactMap { Permission(storedText: $0) }.reduce(into: []) { all, permission in
      if let index = all.firstIndex(where: permission.hasSameRange) {
        all[index] = all[index].allowing(permission.access)
      } else {
        all.append(permission)
      }
    }
  }
}

extension Plan {
  /// The users that get the role root.
  package var newAdministrators: [String] {
    changes.compactMap { change -> String? in
      guard case .link(let user, Role.root) = change else { return nil }
      return user
    }.sorted()
  }
}

extension DesiredState {
  /// Users and roles that a record or an export names, sorted by name.
  init(roles: [Role], users: [User]) {
    self.roles = roles.sorted { $0.name < $1.name }
    self.users = users.sorted { $0.name < $1.name }
    ownKeys = KeyRangeSet([])
    reachedKeys = KeyRangeSet([])
    kubernetes = .kubernetes
  }
}

extension ClusterState {
  /// The same users and roles, without what is known of passwords, so that a plan leaves these as they are.
  var withoutPasswords: ClusterState {
    var state = self
    state.users = users.mapValues { User(roles: $0.roles) }
    return state
  }
}

extension UndoData {
  /// The users and roles that are neither as the change left them nor as they were before it, in words.
  fileprivate func conflicts(with state: ClusterState) -> [String] {
    func conflicts(_ all: [String: Touched], _ what: String, _ now: (String) -> [String]?) -> [String] {
      all.sorted { $0.key < $1.key }.compactMap { name, touched in
        let current = now(name)
        let isAsLeft = touched.a == current.map(Self.digest)
        guard !isAsLeft, current != touched.before else { return nil }
        return current == nil
          ? "the \(what) \(name) was deleted"
          : touched.a == nil ? "the \(what) \(name) was created again" : "the \(what) \(name) was changed"
      }
    }
    return conflicts(users, "user", state.listedRoles) + conflicts(roles, "role", state.listedPermissions)
  }

  /// What differs from before after a plan.
  fileprivate func remaining(_ after: ClusterState, _ plan: Plan, wasOff: Bool) -> [String] {
    var lines: [String] = []
    for (name, user) in users.sorted(by: { $0.key < $1.key }) {
      let now = after.listedRoles(of: name)
      if user.before?.contains(Role.root) == true, now?.contains(Role.root) == false {
        lines.append(
          "the user \(name) does not get the role root: the file does not name it as an administrator")
      } else if now != user.before {
        lines.append(
          user.before == nil
            ? "the user \(name) stays: "
              + (name == Role.root ? "etcd does not delete root" : "Bulkhead does not delete it")
            : "the user \(name) keeps roles that Bulkhead does not take from it")
      } else if user.hadPassword, plan.changes.contains(.addUser(name)) {
        lines.append("the user \(name) had a password, which is not recorded: it is created without one")
      }
    }
    for (name, role) in roles.sorted(by: { $0.key < $1.key })
    where after.listedPermissions(of: name) != role.before {
      lines.append(
        role.before == nil
          ? "the role \(name) stays: a user that is not changed needs it"
          : "the role \(name) had several entries for one range, and gets one")
    }
    for name in (ended ?? []).sorted() where after.users[name] == nil {
      lines.append(
        "the user \(name) had access for a time, and does not get it again: 'bulkhead access' gives it")
    }
    return lines
  }
}

/// Why a change is not taken back.
package enum UndoRefusal: ExplainedError, Hashable, Sendable {
  case noHistory
  case unknownNumber(Int, known: [Int])
  case ofAnotherFile(Int, RecordOwner)
  case incomplete(Int)
  case notRecorded(Int, String)
  /// Users and roles that were changed after it, in words.
  case changedSince(Int, [String])

  package var description: String {
    switch self {
    case .noHistory: "no change of this file is recorded on the cluster"
    case .unknownNumber(let number, let known):
      "the history has no change \(number)"
        + (known.isEmpty ? "" : "; it has \(known.map(String.init).joined(separator: ", "))")
    case .ofAnotherFile(let number, let owner): "change \(number) is of \(owner)"
    case .incomplete(let number): "change \(number) was interrupted, so what it left is not known"
    case .notRecorded(let number, let why): "change \(number) cannot be undone: \(why)"
    case .changedSince(let number, let conflicts):
      "nothing was changed: what change \(number) left was changed since: "
        + conflicts.prefix(8).map(visible).joined(separator: "; ")
        + (conflicts.count > 8 ? "; and \(conflicts.count - 8) more" : "")
    }
  }

  package var hint: String? {
    switch self {
    case .noHistory, .unknownNumber: "'bulkhead history' lists what is recorded"
    case .ofAnotherFile: "give --file the file that it was made from"
    case .incomplete: "'bulkhead apply' completes it; both are undone as one then"
    case .notRecorded: "change bulkhead.yaml, and apply it"
    case .changedSince:
      "undo the later change first ('bulkhead history'), or change bulkhead.yaml and apply it"
    }
  }
}
