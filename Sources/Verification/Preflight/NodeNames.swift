import Catalogue
import Etcd
import FoundationEssentials
import Keyspace
import Segmentation

/// The names of the nodes in Calico, which may differ from Kubernetes': calico-node takes the content of
/// `/var/lib/calico/nodename`, or else the name of the host, unless NODENAME is set (Calico,
/// `node/pkg/lifecycle/utils/utils.go`), and Calico's manifests for etcd do not set it.
enum NodeNames {
  /// A node as Calico has it in etcd.
  struct Known: Hashable {
    let name: String
    /// Its name in Kubernetes; nil if it is not there.
    let kubernetes: String?
  }

  /// The keys of Calico's nodes (libcalico-go, `lib/backend/model/resource.go`).
  private static let prefix = "/calico/resources/v3/projectcalico.org/nodes/"

  /// Users for nodes of the file that Calico has under another name, and nodes of Calico without users. Without users
  /// for each node in the file there is nothing to compare.
  static func findings(_ etcd: EtcdClient, _ segmentation: Segmentation) async throws -> [PreflightFinding] {
    let divided = Set(segmentation.identities.compactMap { $0.component != nil ? $0.node?.text : nil })
    guard !divided.isEmpty else { return [] }
    let known = try await etcd.entries(in: .prefix(Key(prefix))).map { entry in
      Known(key: String(decoding: entry.key.bytes, as: UTF8.self), value: entry.value)
    }
    return findings(divided, known)
  }

  /// - Parameters:
  ///   - divided: The nodes that have users of their own in the file.
  ///   - known: The nodes of Calico; none before Calico runs.
  static func findings(_ divided: Set<String>, _ known: [Known]) -> [PreflightFinding] {
    let names = Set(known.map(\.name))
    return known.sorted { $0.name < $1.name }.compactMap { node in
      guard !divided.contains(node.name) else { return nil }
      guard let kubernetes = node.kubernetes, divided.contains(kubernetes), !names.contains(kubernetes) else {
        return PreflightFinding(
          .unknownNode, "node \(node.name)",
          "Calico has the node '\(node.name)', and the file gives it no users")
      }
      return PreflightFinding(
        .unknownNode, "node \(node.name)",
        "the node '\(kubernetes)' of the file is called '\(node.name)' in Calico",
        cure: "name it '\(node.name)' under 'nodes'; with 'kubectl get nodes' as the list, write "
          + "'\(node.name): {kubernetes: \(kubernetes)}' there")
    }
  }
}

extension NodeNames.Known {
  private struct Resource: Decodable {
    struct Spec: Decodable { let orchRefs: [Reference]? }
    struct Reference: Decodable {
      let nodeName: String?
      let orchestrator: String?
    }
    let spec: Spec?
  }

  /// - Parameters:
  ///   - key: Its key in etcd, which ends with the name.
  ///   - value: The resource in JSON.
  init(key: String, value: [UInt8]) {
    let references = (try? JSONDecoder().decode(Resource.self, from: Data(value)))?.spec?.orchRefs ?? []
    self.init(
      name: key.split(separator: "/").last.map(String.init) ?? key,
      kubernetes: references.first { $0.orchestrator == "k8s" }?.nodeName)
  }
}
