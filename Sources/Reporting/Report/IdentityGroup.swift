import Keyspace
import Segmentation

/// Identities of equal structure: those that have the same roles, and the users of one component on the nodes whose own
/// roles have the same entries of the catalogue.
struct IdentityGroup {
  var name: String
  let what: String
  var identities: [Identity]

  /// In the order of the file, administrators last.
  static func groups(_ segmentation: Segmentation) -> [IdentityGroup] {
    var groups: [IdentityGroup] = []
    for (_, same) in segmentation.identities.groupedInOrder(by: { Key($0, segmentation) }) {
      groups.append(IdentityGroup(same))
    }
    // Two groups of one component are told apart by one of their users.
    let names = groups.map(\.name)
    for index in groups.indices where names.count(where: { $0 == groups[index].name }) > 1 {
      groups[index].name += " (\(groups[index].identities[0].user))"
    }
    return groups.filter { !$0.isAdministrators } + groups.filter(\.isAdministrators)
  }

  private var isAdministrators: Bool {
    switch identities[0].purpose {
    case .administrator, .coAdministrator: true
    default: false
    }
  }

  private init(_ identities: [Identity]) {
    self.identities = identities
    let first = identities[0]
    switch first.purpose {
    case .administrator, .coAdministrator: (name, what) = ("administrators", "hold etcd's role root")
    case .apiserver: (name, what) = ("kube-apiserver", "Kubernetes' API server")
    case .component(let component): (name, what) = (component, "a program of Calico")
    case .calicoctl(let access):
      (name, what) = ("calicoctl \(access.rawValue)", "people and programs that use calicoctl")
    case .custom:
      what = "a program that the file describes itself"
      name = first.user
    case .observed:
      what = "found in etcd"
      name = first.user
    }
    if identities.count > 1, [.custom, .observed].contains(first.purpose) {
      name += " and \(identities.count - 1) more"
    }
  }

  /// What makes identities equal.
  private struct Key: Hashable {
    private enum Purpose: Hashable {
      case administrators
      case other(Identity.Purpose)
    }
    private let purpose: Purpose
    private let isRoot: Bool
    private let shared: [String]
    /// The entries of the node's own role; nil if nodes have no own one.
    private let own: [Entry]?

    private struct Entry: Hashable {
      let access: Access
      let why: String
    }

    init(_ identity: Identity, _ segmentation: Segmentation) {
      isRoot = identity.isRoot
      switch identity.purpose {
      case .administrator, .coAdministrator: purpose = .administrators
      default: purpose = .other(identity.purpose)
      }
      shared = identity.roles.filter { identity.node == nil || $0 != identity.user }.sorted()
      own =
        identity.node == nil
        ? nil
        : segmentation[role: identity.user]?.grants.map { Entry(access: $0.grant.access, why: $0.why) } ?? []
    }
  }
}
