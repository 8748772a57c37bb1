import Etcd
import Keyspace
import Segmentation

/// Whose each user and role is, and so what may be taken from it.
///
/// What Bulkhead made or took over is in the record and kept exactly as the file says: removed with the identity or
/// node that it was made for. Of the rest, `additive` takes nothing away, `adopt` takes over what the file names, and
/// `authoritative` also removes what it does not.
struct Ownership {
  let management: SegmentationFile.Management
  private let managed: Managed
  private let state: ClusterState

  /// Users and roles that are not wanted and are Bulkhead's to remove, sorted by name.
  private(set) var removals: [Change] = []
  /// Of these, what is not removed, because somebody would be shut out.
  private(set) var withheld: [Change] = []
  /// What the file does not name and stays.
  private(set) var foreignUsers: [String] = []
  private(set) var foreignRoles: [String] = []
  /// What is Bulkhead's once the plan is carried out.
  private(set) var managedAfter = Managed()

  init(
    _ state: ClusterState, _ desired: DesiredState, _ management: SegmentationFile.Management,
    _ managed: Managed, applicant: String?
  ) {
    self.management = management
    self.managed = managed
    self.state = state
    // root and kube-apiserver are never Bulkhead's.
    for user in desired.users where user.isExact && isOwn(user: user.name) {
      managedAfter.users.insert(user.name)
    }
    for role in desired.roles where isOwn(role: role.name) { managedAfter.roles.insert(role.name) }
    sortOutUsers(desired, applicant)
    sortOutRoles(desired, applicant)
  }

  /// Whether a user that the file names is to have no other roles than the file's.
  func isOwn(user: String) -> Bool {
    management != .additive || managed.users.contains(user) || state.users[user] == nil
  }

  /// Whether a role that the file names is to have no other permissions than the file's.
  func isOwn(role: String) -> Bool {
    management != .additive || managed.roles.contains(role) || state.roles[role] == nil
  }

  private mutating func sortOutUsers(_ desired: DesiredState, _ applicant: String?) {
    let wanted = Set(desired.users.map(\.name))
    let namesApiserver = desired.users.contains { !$0.isExact && $0.name != Role.root }
    for name in state.users.keys.filter({ !wanted.contains($0) && !EnableAuth.isWayBack($0) }).sorted() {
      let isOurs = managed.users.contains(name)
      guard name != Role.root, isOurs || management == .authoritative else {
        if name != Role.root { foreignUsers.append(name) }
        continue
      }
      // Whoever may edit all of Kubernetes' keys may be kube-apiserver, unless the file says who that is.
      let mayBeApiserver = !isOurs && !namesApiserver && state.servesKubernetes(name)
      if name == applicant || mayBeApiserver {
        withheld.append(.deleteUser(name))
        foreignUsers.append(name)
        if isOurs { managedAfter.users.insert(name) }
      } else {
        removals.append(.deleteUser(name))
      }
    }
  }

  private mutating func sortOutRoles(_ desired: DesiredState, _ applicant: String?) {
    let wanted = Set(desired.roles.map(\.name))
    let deleted = Set(removals)
    // Of those who stay, the ones who must lose nothing.
    let protected = desired.users.filter { !$0.isExact }.map(\.name) + [applicant].compactMap { $0 }
    let needed = protected.reduce(into: Set<String>()) { $0.formUnion(state.users[$1]?.roles ?? []) }
    let serving = state.users.filter {
      !deleted.contains(.deleteUser($0.key)) && state.servesKubernetes($0.key)
    }
    .reduce(into: Set<String>()) { $0.formUnion($1.value.roles) }
    for name in state.roles.keys.filter({ !wanted.contains($0) && $0 != Role.root }).sorted() {
      let isOurs = managed.roles.contains(name)
      guard isOurs || management == .authoritative else {
        foreignRoles.append(name)
        continue
      }
      if needed.contains(name) || serving.contains(name) {
        withheld.append(.deleteRole(name))
        foreignRoles.append(name)
        if isOurs { managedAfter.roles.insert(name) }
      } else {
        removals.append(.deleteRole(name))
      }
    }
  }
}
