import Catalogue
import Etcd
import FoundationEssentials
import Keyspace

/// The release of Calico that runs on a cluster, as Calico records it in etcd.
package enum CalicoVersion {
  /// The ClusterInformation resource, written by calico/node (libcalico-go, `lib/clientv3/client.go`,
  /// `EnsureInitialized`).
  private static let key: Key =
    "/calico/resources/v3/projectcalico.org/clusterinformations/default"

  private struct Information: Decodable {
    let spec: Spec
    struct Spec: Decodable { let calicoVersion: String? }
  }

  /// - Returns: nil if the key does not exist or holds no release that the catalogue knows.
  package static func read(_ etcd: EtcdClient) async throws(EtcdError) -> CalicoRelease? {
    guard let value = try await etcd.value(of: key),
      let version = try? JSONDecoder().decode(Information.self, from: Data(value)).spec.calicoVersion
    else { return nil }
    return try? CalicoRelease.known(version)
  }
}
