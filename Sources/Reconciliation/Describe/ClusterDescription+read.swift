import Catalogue
import Etcd
import Segmentation

extension ClusterDescription {
  /// Reads all users and roles of a running cluster, and describes them. Writes nothing.
  /// - Parameters:
  ///   - members: The members that were asked before.
  ///   - template: How to reach etcd, and the user of kube-apiserver if that is known.
  ///   - release: The release of Calico; nil to read it from Calico's data.
  ///   - progress: Called with text for people.
  /// - Throws: as ``Survey/take(_:as:members:)``; `CatalogueError`.
  package static func read(
    _ etcd: EtcdClient, as administrator: ClientCredentials, members: ClusterMembers,
    _ template: FileTemplate,
    release given: CalicoRelease?, catalogue: Catalogue, progress: @escaping @Sendable (String) -> Void
  ) async throws -> ClusterDescription {
    // Refuses members that must not be asked for users and roles.
    _ = try await Survey.take(etcd, as: administrator, members: members)
    let users = Set(try await etcd.users())
    let state = try await ClusterState.observe(etcd, progress: progress)
    var release = given
    if release == nil { release = try await CalicoVersion.read(etcd) }
    return ClusterDescription(
      of: state, template, release: release, withPassword: try await etcd.usersWithPassword(among: users),
      catalogue: catalogue)
  }
}
