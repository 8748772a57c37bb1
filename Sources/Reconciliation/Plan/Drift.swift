import Etcd
import Keyspace
import Segmentation

/// One difference between the file and etcd, and what it allows or prevents.
package struct Drift: Hashable, Sendable {
  package enum Kind: String, CaseIterable, Sendable {
    /// In the file and not in etcd.
    case missing
    /// A permission, or a user or role that Bulkhead manages, that is not in the file.
    case extra
    /// A permission with an access that differs from the file's.
    case changed
    /// A range that a role contains more than once, with any access (etcd pull request 21845).
    case duplicateEntry = "duplicate entry"
    /// Anyone can log in as the user with an empty password, without a certificate.
    case passwordOpen = "password open"
    /// A user that is to authenticate with its certificate alone has a password too.
    case hasPassword = "has a password"
    /// A user that is to log in with a password cannot do so with the one in its file.
    case otherPassword = "other password"
    /// A user in the file has a role that the file does not give it.
    case foreignRole = "foreign role on a managed user"
    case foreignUser = "foreign user"
    case foreignRoleName = "foreign role"
  }

  package let kind: Kind
  /// `role calico-node`, `user alice`.
  package let subject: String
  /// The user or role alone: `calico-node`.
  package var name: String { String(subject.drop { $0 != " " }.dropFirst()) }
  /// The difference in words, and what it allows.
  package let meaning: String
  /// Whether the plan leaves it unchanged.
  package let isLeft: Bool
  /// Whether it lets a user of the file do what none of them should: act as an administrator, or reach Bulkhead's keys or
  /// those of the file's kube-apiserver.
  var isTakeover = false
}

extension Drift {
  /// Every difference, in the order of the file; what the file does not name comes last.
  static func all(
    from state: ClusterState, to desired: DesiredState, _ ownership: Ownership, _ protection: Protection
  ) -> [Drift] {
    let remarks = protection.exempt(in: state).merging(protection.notExempt(in: state)) { first, _ in first }
    var holders: [String: [String]] = [:]
    for (name, user) in state.users { for role in user.roles { holders[role, default: []].append(name) } }
    var keys: [KeyRange] = [.bulkhead]
    if desired.users.contains(where: \.isAPIServer) { keys.append(desired.kubernetes) }
    let guarded = KeyRangeSet(keys)
    var all: [Drift] = []
    for role in desired.roles {
      all += roleDrift(
        state, role, isOwn: ownership.isOwn(role: role.name),
        guarded: protection.lists(role: role.name) ? KeyRangeSet([]) : guarded)
    }
    for user in desired.users {
      all += userDrift(
        state, user, isOwn: user.isExact && ownership.isOwn(user: user.name),
        guarded: protection.lists(user: user.name) ? nil : guarded,
        losesRoot: ownership.losesRoot(user, has: state.users[user.name]?.roles ?? []))
    }
    all += (ownership.removals + ownership.withheld).compactMap { change in
      removalDrift(change, isLeft: ownership.withheld.contains(change))
    }
    for user in ownership.foreignUsers where !ownership.withheld.contains(.deleteUser(user)) {
      let remark = remarks[user].map { "; \($0)" } ?? ""
      all.append(
        Drift(
          kind: .foreignUser, subject: "user \(user)", meaning: state.powers(ofUser: user) + remark,
          isLeft: true))
    }
    for role in ownership.foreignRoles where !ownership.withheld.contains(.deleteRole(role)) {
      all.append(
        Drift(
          kind: .foreignRoleName, subject: "role \(role)",
          meaning: "it \(state.powers(ofRoles: [role]))\(heldBy(holders[role] ?? []))", isLeft: true))
    }
    return all
  }

  private static func heldBy(_ users: [String]) -> String {
    guard let first = users.min() else { return "; no user has it" }
    return "; \(first) has it" + (users.count > 1 ? ", and \(users.count - 1) more" : "")
  }

  /// - Parameter guarded: Keys that no role of the file should reach beyond what the file gives it.
  private static func roleDrift(
    _ state: ClusterState, _ role: DesiredState.Role, isOwn: Bool, guarded: KeyRangeSet
  ) -> [Drift] {
    let subject = "role \(role.name)"
    guard let existing = state.roles[role.name] else {
      return [Drift(kind: .missing, subject: subject, meaning: "it does not exist", isLeft: false)]
    }
    var drift: [Drift] = []
    func note(_ kind: Kind, _ meaning: String, isLeft: Bool) {
      drift.append(Drift(kind: kind, subject: subject, meaning: meaning, isLeft: isLeft))
    }
    for permission in role.permissions {
      let same = existing.filter { $0.hasSameRange(as: permission) }
      let found = same.reduce(into: Access()) { $0.formUnion($1.access) }
      let range = permission.grant.range
      let isLeft = !isOwn && found.isSuperset(of: permission.access)
      switch same.count {
      case 0: note(.missing, "it cannot \(permission.access.verb) \(range)", isLeft: false)
      case 1 where found == permission.access: break
      case 1:
        note(
          .changed, "it may \(found.verb) \(range), and should \(permission.access.verb) it", isLeft: isLeft)
      default:
        note(
          .duplicateEntry, "\(range) appears in it \(same.count) times, together \(found)",
          isLeft: isLeft)
      }
    }
    for (index, permission) in existing.enumerated()
    where !(role.permissions + existing[..<index]).contains(where: permission.hasSameRange) {
      let extra = Permissions([permission.grant])
      drift.append(
        Drift(
          kind: .extra, subject: subject,
          meaning: "it may \(permission.access.verb) \(permission.grant.range) too", isLeft: !isOwn,
          isTakeover: extra.reach(guarded)
            && !Permissions(role.permissions.map(\.grant)).include(extra)))
    }
    return drift
  }

  /// - Parameter guarded: Keys that no role which the file does not give should reach; nil if the file protects the user.
  private static func userDrift(
    _ state: ClusterState, _ user: DesiredState.User, isOwn: Bool, guarded: KeyRangeSet?, losesRoot: Bool
  ) -> [Drift] {
    let subject = "user \(user.name)"
    guard let existing = state.users[user.name] else {
      return [Drift(kind: .missing, subject: subject, meaning: "it does not exist", isLeft: false)]
    }
    var drift = user.roles.filter { !existing.roles.contains($0) }.map { role in
      Drift(kind: .missing, subject: subject, meaning: "it lacks the role \(role)", isLeft: false)
    }
    if existing.acceptsEmptyPassword {
      drift.append(
        Drift(
          kind: .passwordOpen, subject: subject,
          meaning: "each client can log in as this user with an empty password", isLeft: false))
    } else if existing.hasPassword, user.login == .certificate {
      drift.append(
        Drift(
          kind: .hasPassword, subject: subject,
          meaning: "a client that knows its password can act as this user without its certificate",
          isLeft: !isOwn))
    } else if existing.passwordFault != nil {
      drift.append(
        Drift(
          kind: .otherPassword, subject: subject, meaning: "the password in its file does not work",
          isLeft: false))
    }
    if losesRoot {
      drift.append(
        Drift(
          kind: .foreignRole, subject: subject,
          meaning: "it has the role root too, which kube-apiserver does not need if it does not compact",
          isLeft: false))
    }
    // Others manage the remaining roles of root and kube-apiserver.
    guard user.isExact else { return drift }
    return drift
      + existing.roles.subtracting(user.roles).sorted().map { role in
        Drift(
          kind: .foreignRole, subject: subject,
          meaning: "it has the role \(role) too, and \(state.powers(ofRoles: [role]))", isLeft: !isOwn,
          isTakeover: guarded.map { state.permissions(ofRoles: [role]).reach($0) } ?? false)
      }
  }

  /// Every difference between a state and the file, for a check that changes nothing: also those that a plan
  /// leaves, and temporary administrators that Bulkhead left behind.
  /// - Parameter protection: Users and roles from which nothing is taken away.
  package static func every(
    from state: ClusterState, to desired: DesiredState, protecting protection: Protection = Protection()
  ) -> [Drift] {
    all(
      from: state, to: desired,
      Ownership(
        state, desired, .adopt, Managed(),
        protecting: protection.names(in: state, keeping: Set(desired.roles.map(\.name))), applicant: nil),
      protection)
      + state.users.keys.filter(EnableAuth.isWayBack).sorted().map { user in
        Drift(
          kind: .foreignUser, subject: "user \(user)",
          meaning: "\(state.powers(ofUser: user)); an interrupted 'apply --enable-auth' left it",
          isLeft: false)
      }
  }

  private static func removalDrift(_ change: Change, isLeft: Bool) -> Drift? {
    switch change {
    case .deleteUser(let user):
      Drift(kind: .extra, subject: "user \(user)", meaning: "the file does not want it", isLeft: isLeft)
    case .deleteRole(let role):
      Drift(kind: .extra, subject: "role \(role)", meaning: "the file does not want it", isLeft: isLeft)
    default: nil
    }
  }
}

extension ClusterState {
  func powers(ofUser user: String) -> String {
    let text = powers(ofRoles: users[user]?.roles ?? [])
    let password =
      users[user]?.acceptsEmptyPassword == true
      ? ", and any client can log in as it with an empty password"
      : users[user]?.hasPassword == true ? ", and it has a password" : ""
    return "it \(text)\(password)"
  }

  /// What a user with these roles may do, in words; at most three ranges for each access.
  func powers(ofRoles roles: Set<String>) -> String {
    if roles.contains(Role.root) { return "may do everything, as an administrator" }
    let permissions = Permissions(roles.sorted().flatMap { self.roles[$0] ?? [] }.map(\.grant))
    let parts = [("write", permissions.writable), ("read", permissions.readable)].filter { !$0.1.isEmpty }
    guard !parts.isEmpty else { return "may do nothing" }
    return parts.map { verb, set in
      let shown = set.ranges.prefix(3).map(\.description).joined(separator: ", ")
      return "may \(verb) \(shown)" + (set.ranges.count > 3 ? " and \(set.ranges.count - 3) ranges more" : "")
    }.joined(separator: " and ")
  }
}
