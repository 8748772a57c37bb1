import Etcd
import Keyspace
import Segmentation

/// Which users and roles Bulkhead manages, and so what the plan may remove.
///
/// The record lists the users and roles that Bulkhead created or took over. They are kept exactly as in the
/// file, and removed with the identity or node that they belong to. Of all others, `additive` removes
/// nothing, `adopt` takes over what the file names, and `authoritative` also removes what the file does not
/// name. Nothing is taken from protected users and roles in any mode: those that the file lists under
/// `protect`, and those in the records of other files.
struct Ownership {
  let management: SegmentationFile.Management
  private let managed: Managed
  private let protected: Managed
  private let state: ClusterState
  private let applicant: String?

  /// Users and roles that are not in the file and that Bulkhead may remove, sorted by name.
  private(set) var removals: [Change] = []
  /// Removals that are not made because they would lock someone out.
  private(set) var withheld: [Change] = []
  /// What the file does not name and stays in etcd.
  private(set) var foreignUsers: [String] = []
  private(set) var foreignRoles: [String] = []
  /// What Bulkhead manages after the plan.
  private(set) var managedAfter = Managed()

  init(
    _ state: ClusterState, _ desired: DesiredState, _ management: SegmentationFile.Management,
    _ managed: Managed, protecting protected: Managed = Managed(), applicant: String?
  ) {
    self.management = management
    self.protected = protected
    self.managed = managed
    self.state = state
    self.applicant = applicant
    // Bulkhead never manages root, the other administrators of the file and kube-apiserver.
    for user in desired.users where user.isExact && isOwn(user: user.name) {
      managedAfter.users.insert(user.name)
    }
    for role in desired.roles where isOwn(role: role.name) { managedAfter.roles.insert(role.name) }
    sortOutUsers(desired, applicant)
    sortOutRoles(desired, applicant)
  }

  /// Whether nothing is taken from a user in any mode.
  func isProtected(user: String) -> Bool { protected.users.contains(user) }

  /// Whether a user in the file must have no roles besides the file's.
  func isOwn(user: String) -> Bool {
    !protected.users.contains(user)
      && (management != .additive || managed.users.contains(user) || state.users[user] == nil)
  }

  /// Whether a role in the file must have no permissions besides the file's.
  func isOwn(role: String) -> Bool {
    !protected.roles.contains(role)
      && (management != .additive || managed.roles.contains(role) || state.roles[role] == nil)
  }

  /// Whether a user of kube-apiserver has the role root although the file says that it needs none: with the feature
  /// `apiserver-without-compaction`. Others manage its remaining roles.
  func losesRoot(_ user: DesiredState.User, has roles: Set<String>) -> Bool {
    user.isAPIServer && !user.roles.contains(Role.root) && roles.contains(Role.root)
      && user.name != applicant && !isProtected(user: user.name)
  }

  private mutating func sortOutUsers(_ desired: DesiredState, _ applicant: String?) {
    let wanted = Set(desired.users.map(\.name))
    let namesApiserver = desired.users.contains(where: \.isAPIServer)
    for name in state.users.keys.filter({ !wanted.contains($0) && !EnableAuth.isWayBack($0) }).sorted() {
      let isOurs = managed.users.contains(name)
      guard name != Role.root, !protected.users.contains(name), isOurs || management == .authoritative else {
        if name != Role.root { foreignUsers.append(name) }
        continue
      }
      // A user that may read and write all keys of Kubernetes may be kube-apiserver, unless the file names
      // its user. The record does not change that: another client may have written it.
      let mayBeApiserver = !namesApiserver && state.serves(desired.kubernetes, name)
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
    // Users that stay and must not lose access.
    let staying = desired.users.filter { !$0.isExact }.map(\.name) + [applicant].compactMap { $0 }
    let needed = (staying + protected.users).reduce(into: Set<String>()) {
      $0.formUnion(state.users[$1]?.roles ?? [])
    }
    let serving = state.users.filter {
      !deleted.contains(.deleteUser($0.key)) && state.serves(desired.kubernetes, $0.key)
    }
    .reduce(into: Set<String>()) { $0.formUnion($1.value.roles) }
    for name in state.roles.keys.filter({ !wanted.contains($0) && $0 != Role.root }).sorted() {
      let isOurs = managed.roles.contains(name)
      guard !protected.roles.contains(name), isOurs || management == .authoritative else {
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
