import Catalogue
import Errors
import Etcd
import Segmentation
import StrictYAML
import Text

/// What a plan is limited to: identities, roles and nodes, with the roles that they need.
package struct PlanTarget: Hashable, Sendable {
  package let users: Set<String>
  package let roles: Set<String>

  /// - Parameters:
  ///   - names: Each is an identity, a role or a node of the file, or a user or role of the cluster. A name of
  ///     several of them means all of these.
  ///   - state: The users and roles of the cluster.
  /// - Throws: ``UnknownTarget``.
  package init(
    _ names: [String], _ segmentation: Segmentation, _ state: ClusterState
  ) throws(UnknownTarget) {
    let desired = DesiredState(segmentation)
    var (users, roles): (Set<String>, Set<String>) = ([], [])
    let wantedUsers = Dictionary(desired.users.map { ($0.name, $0) }) { first, _ in first }
    let wantedRoles = Set(desired.roles.map(\.name))
    for name in names {
      let onNode = segmentation.identities.filter { $0.node?.description == name }.map(\.user)
      let isUser = wantedUsers[name] != nil || state.users[name] != nil
      let isRole = wantedRoles.contains(name) || (state.roles[name] != nil && name != Role.root)
      guard isUser || isRole || !onNode.isEmpty else {
        let nodes = segmentation.identities.compactMap { $0.node?.description }
        throw UnknownTarget(
          name: name,
          nearest: NearestWord.of(
            name, among: Array(Set(wantedUsers.keys).union(wantedRoles).union(nodes)).sorted()))
      }
      if isRole { roles.insert(name) }
      for user in onNode + (isUser ? [name] : []) {
        users.insert(user)
        // Roles that the file does not define are not changed for a user.
        roles.formUnion((wantedUsers[user]?.roles ?? []).filter(wantedRoles.contains))
      }
    }
    self.users = users
    self.roles = roles
  }

  /// Whether a change is of one of these users or roles.
  func covers(_ change: Change) -> Bool {
    switch change {
    case .addRole(let role), .deleteRole(let role), .grant(_, let role), .narrow(_, let role),
      .revoke(_, let role):
      roles.contains(role)
    case .addUser(let user), .addPasswordUser(let user), .changePassword(let user), .deleteUser(let user),
      .link(let user, _), .unlink(let user, _):
      users.contains(user)
    }
  }
}

extension Plan {
  /// The part of the plan that concerns a target. The rest is ``left``.
  package func limited(to target: PlanTarget, from state: ClusterState) -> Plan {
    with(changes.filter(target.covers), from: state)
  }
}

/// A name that is no identity, role or node.
package struct UnknownTarget: ExplainedError, Hashable, Sendable {
  let name: String
  let nearest: String?

  package var description: String {
    "neither the file nor the cluster has an identity, role or node \(quoted(name))"
  }
  package var hint: String? { nearest.map { "did you mean '\($0)'?" } ?? "'bulkhead plan' lists them" }
}
