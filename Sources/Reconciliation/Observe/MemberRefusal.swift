import Errors
import Etcd

/// Why Bulkhead refuses to work on a cluster: the release of a member, or its nearly full store, makes it
/// unsafe.
package enum MemberRefusal: ExplainedError, Hashable, Sendable {
  case noUsersWithoutPassword(String, EtcdVersion)
  case forgetsPermissions(String, EtcdVersion)
  case nearlyFull(String, bytes: Int64, quota: Int64)

  /// The reason not to work with these members at all; nil if they are all suitable.
  init?(_ members: ClusterMembers) {
    for member in members.all {
      guard let version = member.version, !version.hasUsersWithoutPassword else { continue }
      self = .noUsersWithoutPassword(member.name, version)
      return
    }
    return nil
  }
}

extension MemberRefusal {
  package var description: String {
    switch self {
    case .noUsersWithoutPassword(let member, let version):
      "the member \(member) runs etcd \(version), which gives every user a password: "
        + "every client could log in as the users that Bulkhead creates"
    case .forgetsPermissions(let member, let version):
      "authentication is not turned on: the member \(member) runs etcd \(version), "
        + "which after a restart refuses all users except administrators"
    case .nearlyFull(let member, let bytes, let quota):
      "nothing is written: the store of the member \(member) has \(bytes) of the \(quota) bytes of its "
        + "quota; once it is full, members before 3.6 enforce no permissions"
    }
  }

  package var hint: String? {
    switch self {
    case .noUsersWithoutPassword: "upgrade every member to etcd 3.4 or later"
    case .forgetsPermissions: "upgrade it to 3.4.21 or later (etcd issue 14409)"
    case .nearlyFull:
      "compact and defragment etcd, or raise --quota-backend-bytes; to remove access before that, 'bulkhead apply "
        + "--no-lock' and 'bulkhead certs revoke --cut-off --no-lock'"
    }
  }
}
