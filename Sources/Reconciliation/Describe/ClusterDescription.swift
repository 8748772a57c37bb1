import Catalogue
import Etcd
import Keyspace
import Names
import Segmentation

/// The segmentation file that describes a running cluster as it is: a plan of it for the same cluster is
/// empty.
package struct ClusterDescription {
  /// Components that the catalogue recognises by name, all others by their permissions, and remarks on what a
  /// file cannot describe.
  package private(set) var template: FileTemplate

  private let state: ClusterState
  private let withPassword: Set<String>
  private var remarks: [String] = []
  private var described: Set<String> = []

  /// - Parameters:
  ///   - template: How to reach etcd, and the user of kube-apiserver if that is known.
  ///   - release: The release of Calico; nil if it is not known.
  ///   - withPassword: The users that log in with a password.
  package init(
    of state: ClusterState, _ template: FileTemplate, release: CalicoRelease?, withPassword: Set<String>,
    catalogue: Catalogue
  ) {
    self.state = state
    self.withPassword = withPassword
    var template = template
    if template.apiservers.isEmpty { template.apiservers = Self.apiservers(of: state) }
    if template.etcdPrefix == nil, !template.apiservers.isEmpty {
      template.etcdPrefix = Self.etcdPrefix(of: state)
    }
    let recognition = Recognition(state, template, release: release, catalogue)
    self.template = recognition.template
    for identity in recognition.differing {
      remarks.append("\(identity.user) differs from the other nodes: 'bulkhead plan' shows how")
    }
    describeRest(recognition, catalogue)
    self.template.remarks = remarks
  }

  /// The users whose name contains "apiserver" and that have the role root or the role `kube-apiserver`.
  private static func apiservers(of state: ClusterState) -> [String] {
    state.users.filter { name, user in
      name != Role.root && name.contains("apiserver")
        && (user.roles.contains(Role.root) || user.roles == ["kube-apiserver"])
    }.keys.sorted()
  }

  /// The prefix that the role `kube-apiserver` grants, without its last slash, if it is not the default; nil if it is
  /// none of a kube-apiserver.
  private static func etcdPrefix(of state: ClusterState) -> String? {
    let prefixes = (state.roles["kube-apiserver"] ?? []).filter { $0.access == .readwrite }
      .compactMap(\.grant.range.prefix)
    guard prefixes.count == 1, let prefix = prefixes.first, prefix != .kubernetes else { return nil }
    let text = String(decoding: prefix.bytes.dropLast(), as: UTF8.self)
    return (try? Installation.kubernetesPrefix(text)) == prefix ? text : nil
  }

  private mutating func describeRest(_ recognition: Recognition, _ catalogue: Catalogue) {
    let rest = state.users.keys.filter {
      $0 != Role.root && !template.apiservers.contains($0) && !recognition.users.contains($0)
        && !EnableAuth.isWayBack($0)
    }.sorted()
    let administrators = rest.filter { state.users[$0]?.roles.contains(Role.root) == true }
    for user in administrators {
      if let problem = UserName.problem(withUser: user) {
        remarks.append("not described: \(problem.message)")
      } else if withPassword.contains(user) || state.users[user]?.acceptsEmptyPassword == true {
        remarks.append("not described: the administrator \(user), which logs in with a password")
      } else {
        template.administrators.append(
          SegmentationFile.Administrator(user: user, why: "has the role root in the cluster"))
      }
    }
    var holders: [String: Int] = [:]
    for user in state.users.values { for role in user.roles { holders[role, default: 0] += 1 } }
    // A role that only the user of the same name has becomes that user's grants.
    let own = Set(
      rest.filter { state.users[$0]?.roles.contains($0) == true && holders[$0] == 1 }
    ).subtracting(administrators)
    var grants: [String: [Grant]] = [:]
    for role in state.roles.keys.sorted()
    where role != Role.root && !recognition.roles.contains(role) {
      grants[role] = describable(role)
    }
    template.customRoles = grants.keys.filter { !own.contains($0) }.sorted().compactMap { role in
      grants[role].map { SegmentationFile.CustomRole(role: role, grants: $0) }
    }
    let known = recognition.roles.union(grants.keys).subtracting([Role.root])
    for user in rest where !administrators.contains(user) {
      describe(user, own: own.contains(user) ? grants[user] : nil, known, catalogue)
    }
  }

  private mutating func describe(_ user: String, own: [Grant]?, _ known: Set<String>, _ catalogue: Catalogue)
  {
    if let problem = UserName.problem(withUser: user)?.message {
      return remarks.append("not described: \(problem)")
    }
    if state.users[user]?.acceptsEmptyPassword == true {
      return remarks.append(
        "not described: the user \(user), which accepts an empty password")
    }
    if withPassword.contains(user) {
      return remarks.append("not described: the user \(user), which logs in with a password")
    }
    if ["calicoctl", "kube-apiserver"].contains(where: user.hasPrefix), catalogue[user] != nil {
      return remarks.append("not described: the user \(user), whose name is that of a role of the catalogue")
    }
    let roles = (state.users[user]?.roles ?? []).sorted().filter { $0 != user || own == nil }
    for role in roles where !known.contains(role) {
      remarks.append("not described: that the user \(user) has the role \(role)")
    }
    let shared = roles.filter(known.contains)
    guard own != nil || !shared.isEmpty else {
      return remarks.append("not described: the user \(user), which has no role with grants")
    }
    if catalogue[user] != nil {
      remarks.append(
        "\(user) has other permissions than the catalogue's \(user) of \(template.calico): see 'bulkhead plan' "
          + "with it under 'components' instead, and 'management: adopt'")
    }
    template.custom.append(.init(user: user, grants: own ?? [], roles: shared))
  }

  /// The grants of a role as a file can hold them; nil if none are left.
  private mutating func describable(_ role: String) -> [Grant]? {
    if UserName.problem(with: role) != nil {
      remarks.append("not described: the role \(role), for its name")
      return nil
    }
    var grants: [Grant] = []
    for permission in state.roles[role] ?? [] {
      let grant = permission.grant
      guard Permission(grant) == permission, !grant.range.isEmpty, !grant.access.isEmpty else {
        remarks.append("not described: a permission of the role \(role) that is stored in an unusual form")
        continue
      }
      if grants.contains(where: { $0.range == grant.range }) {
        remarks.append("the role \(role) has \(grant.range) more than once")
      }
      grants.append(grant)
    }
    guard !grants.isEmpty else {
      remarks.append("not described: the role \(role), which allows nothing")
      return nil
    }
    return grants.onePerRange
  }
}

extension EtcdClient {
  /// The users, among those given, that have a password other than the empty one. Empty while authentication
  /// is off: passwords cannot be tried then.
  package func usersWithPassword(among users: some Sequence<String>) async throws(EtcdError) -> Set<String> {
    var found: Set<String> = []
    for user in users where try await tryEmptyPassword(ofUser: user) == .refused { found.insert(user) }
    return found
  }
}
