import Catalogue
import Etcd
import Foundation
import Keyspace

/// The release of Calico that runs on a cluster, as Calico itself notes it there.
package enum CalicoVersion {
  /// The ClusterInformation that calico/node keeps (libcalico-go, `lib/clientv3/client.go`, `EnsureInitialized`).
  private static let key: Key =
    "/calico/resources/v3/projectcalico.org/clusterinformations/default"

  private struct Information: Decodable {
    let spec: Spec
    struct Spec: Decodable { let calicoVersion: String? }
  }

  /// - Returns: nil if it says nothing that the catalogue knows.
  package static func read(_ etcd: EtcdClient) async throws(EtcdError) -> CalicoRelease? {
    guard let value = try await etcd.value(of: key),
      let version = try? JSONDecoder().decode(Information.self, from: Data(value)).spec.calicoVersion
    else { return nil }
    return try? CalicoRelease.known(version)
  }
}
