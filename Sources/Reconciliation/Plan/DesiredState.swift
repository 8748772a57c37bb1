import Etcd
import Keyspace
import Segmentation

/// The users and roles that a segmentation defines for etcd, in the order in which they are created.
package struct DesiredState: Hashable, Sendable {
  package let roles: [Role]
  package let users: [User]
  /// The keys that only the users of the file may reach: those that the file grants, kube-apiserver's, which its
  /// role root needs no grant for, all of Calico's if the file has a program of Calico, and Bulkhead's.
  package let ownKeys: KeyRangeSet
  /// The keys that users of the file without the role root may read or write, kube-apiserver's own, all of Calico's
  /// if one of its programs is in the file, and Bulkhead's.
  package let reachedKeys: KeyRangeSet
  /// All keys of Kubernetes.
  package let kubernetes: KeyRange

  package struct Role: Hashable, Sendable {
    package let name: String
    package let permissions: [Permission]
  }

  package struct User: Hashable, Sendable {
    package let name: String
    package let roles: [String]
    /// Whether the user may have no roles besides ``roles``. False for root, the other administrators of the file and
    /// kube-apiserver, which others manage.
    package let isExact: Bool
    package let isAPIServer: Bool
    package let login: Identity.Login
  }

  package init(_ segmentation: Segmentation) {
    ownKeys = Self.ownKeys(of: segmentation)
    reachedKeys = Self.reachedKeys(of: segmentation)
    kubernetes = segmentation.kubernetes
    var fewest = FewestGrants(segmentation)
    roles = segmentation.roles.map { role in
      Role(
        name: role.name,
        permissions: fewest.permissions(of: role)
          ?? role.grants.map(\.grant).onePerRange.map { Permission($0) }
      )
    }
    users = segmentation.identities.map { identity in
      User(
        name: identity.user, roles: identity.roles, isExact: identity.isIssued,
        isAPIServer: identity.purpose == .apiserver, login: identity.login)
    }
  }

  private static func ownKeys(of segmentation: Segmentation) -> KeyRangeSet {
    var ranges = segmentation.roles.flatMap { $0.grants.map(\.grant.range) } + [.bulkhead]
    let calico = KeyRangeSet([.calico])
    for identity in segmentation.identities {
      switch identity.purpose {
      case .apiserver: ranges += [segmentation.kubernetes, .compaction]
      case .component, .calicoctl:
        // flannel and kube-apiserver have keys of their own.
        if segmentation.permissions(of: identity).reach(calico) { ranges.append(.calico) }
      default: break
      }
    }
    return KeyRangeSet(ranges)
  }

  private static func reachedKeys(of segmentation: Segmentation) -> KeyRangeSet {
    var ranges: [KeyRange] = [.bulkhead]
    let calico = KeyRangeSet([.calico])
    for identity in segmentation.identities {
      let permissions = segmentation.permissions(of: identity)
      if !identity.isRoot { ranges += permissions.readable.ranges + permissions.writable.ranges }
      switch identity.purpose {
      case .apiserver: ranges += [segmentation.kubernetes, .compaction]
      case .component, .calicoctl:
        // What one program of Calico leaves, another one or an earlier release uses.
        if permissions.reach(calico) { ranges.append(.calico) }
        // A component has the role root to compact.
        if identity.isRoot { ranges.append(.compaction) }
      default: break
      }
    }
    return KeyRangeSet(ranges)
  }
}
