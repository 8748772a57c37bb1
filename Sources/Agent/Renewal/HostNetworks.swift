import AgentFile
import Files
import FoundationEssentials

/// The CNI configurations of this host in which Calico's plugin is.
enum HostNetworks {
  /// What the plugin's IPAM handles begin with is the name of its network, so the access in etcd is for one name.
  /// - Returns: the difference between the configurations and the network for which the identity has access; nil if
  ///   there is none, also if the host has no such configuration yet.
  static func fault(_ network: AgentDelivery.CNINetwork) -> KeeperFault? {
    // The names that libcni loads (containernetworking/cni, `libcni/conf.go`, `ConfFiles`).
    let names = (try? FileManager.default.contentsOfDirectory(atPath: network.folder)) ?? []
    for name in names.sorted() where [".conflist", ".conf", ".json"].contains(where: name.hasSuffix) {
      let path = "\(network.folder)/\(name)"
      let content: [UInt8]
      do {
        guard let bytes = try FileContents.readIfPresent(path, limit: 1 << 20) else { continue }
        content = bytes
      } catch {
        return KeeperFault(
          "\(path) cannot be read, so the name of its CNI network is not known",
          hint: "let the agent read it, or remove it")
      }
      guard let configuration = try? JSONDecoder().decode(Configuration.self, from: Data(content)) else {
        // Of another program, unless it names the plugin.
        guard String(decoding: content, as: UTF8.self).contains("\"calico\"") else { continue }
        return KeeperFault("\(path) is not JSON, so the name of its CNI network is not known", hint: nil)
      }
      // Without IPAM of Calico and with a policy section the plugin writes no key that has the name of the network.
      let text = String(decoding: content, as: UTF8.self)
      guard text.contains("\"calico-ipam\"") || !text.contains("\"policy\"") else { continue }
      guard configuration.isCalico, configuration.name != network.name else { continue }
      return different(path, configuration.name ?? "", from: network.name)
    }
    return nil
  }

  private static func different(_ path: String, _ name: String, from wanted: String) -> KeeperFault {
    name.isEmpty
      ? KeeperFault(
        "\(path): its network has no name, and agent.yaml gives '\(wanted)'",
        hint: "give it the key \"name\": \"\(wanted)\"")
      : KeeperFault(
        "\(path) names the CNI network '\(name)', and agent.yaml gives '\(wanted)'",
        hint: "write 'network: \(name)' under 'calico' in bulkhead.yaml, run 'bulkhead apply', and set "
          + "'cniNetwork' in agent.yaml (or run 'bulkhead bundle' again)")
  }

  private struct Configuration: Decodable {
    struct Plugin: Decodable { let type: String? }

    let name: String?
    let type: String?
    let plugins: [Plugin]?

    var isCalico: Bool { type == "calico" || plugins?.contains { $0.type == "calico" } == true }
  }
}
