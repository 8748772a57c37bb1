import YAML

/// What Bulkhead writes to `agent.yaml`, and the words of that file: `bundle` and `manifest` write it, the agent reads
/// it.
package struct AgentFile: Sendable {
  package static let apiVersion = "bulkhead/v1"
  package static let kind = "Agent"

  /// The keys of the file.
  package enum Key: String, CaseIterable, Sendable {
    case apiVersion, kind, source, certificates, etcdCA, lifetime, renewal, revocationList, listen, nodeNames
  }

  /// What the user writes.
  package let head: AgentFileHead
  package let certificates: [AgentDelivery]
  /// The path of the authorities of etcd's server certificates.
  package let etcdCA: String
  /// Calico's name of each node that has another one in Kubernetes, by the name in Kubernetes.
  package let nodeNames: [String: String]

  /// The variable with Calico's name of the node, where `nodeNames` is in the file. ``kubernetesNode`` has its name in
  /// Kubernetes.
  package static let calicoNode = "CALICO_NODE_NAME"
  package static let kubernetesNode = "NODE_NAME"

  /// - Parameters:
  ///   - source: See ``AgentFileHead``.
  ///   - listens: Whether `listen` of the user stays.
  ///   - nodeNames: See ``nodeNames``; without an entry the key is left out.
  package init(
    source: String, certificates: [AgentDelivery], etcdCA: String, listens: Bool = true,
    nodeNames: [String: String] = [:]
  ) {
    self.nodeNames = nodeNames
    head = AgentFileHead(source, without: listens ? [] : [.listen])
    self.certificates = certificates
    self.etcdCA = etcdCA
  }

  /// The content of the file, without a newline at its end.
  package var text: String {
    let lines =
      [line(.apiVersion, Self.apiVersion), line(.kind, Self.kind)] + head.lines.map(\.text)
      + ["\(Key.certificates):"] + certificates.flatMap(\.lines) + [line(.etcdCA, etcdCA.asYAML)] + names
    return lines.joined(separator: "\n")
  }

  /// The place in the user's text of a place in ``text``; nil if Bulkhead wrote it. Lines and columns count from 1.
  package func place(ofLine line: Int, column: Int) -> (line: Int, column: Int)? {
    let index = line - 3
    guard head.lines.indices.contains(index), let number = head.lines[index].number else { return nil }
    return (number, max(1, column - head.indentation))
  }

  private var names: [String] {
    if nodeNames.isEmpty { return [] }
    return ["\(Key.nodeNames):"]
      + nodeNames.sorted { $0.key < $1.key }.map {
        "  \($0.key.asDoubleQuotedYAML): \($0.value.asDoubleQuotedYAML)"
      }
  }

  private func line(_ key: Key, _ value: String) -> String { "\(key): \(value)" }
}

extension AgentDelivery {
  /// The entry as a mapping in the list `certificates`. Values that the reader adds are left out.
  fileprivate var lines: [String] {
    var values: [(Key, String)] = [
      (.identity, identity.asDoubleQuotedYAML), (.directory, directory.asYAML), (.keyMode, keyMode.asOctal),
    ]
    if let directoryMode { values.append((.directoryMode, directoryMode.asOctal)) }
    if certificateMode != Self.usualCertificateMode {
      values.append((.certificateMode, certificateMode.asOctal))
    }
    if let owner { values.append((.owner, owner.asYAML)) }
    if let group { values.append((.group, group.asYAML)) }
    if let cniCopy { values.append((.cniCopy, cniCopy.asYAML)) }
    if let cniNetwork {
      let folder =
        cniNetwork.folder == CNINetwork.usualFolder ? "" : ", folder: \(cniNetwork.folder.asDoubleQuotedYAML)"
      values.append((.cniNetwork, "{name: \(cniNetwork.name.asDoubleQuotedYAML)\(folder)}"))
    }
    switch afterChange {
    case .command(let words)?:
      values.append((.afterChange, "{command: [\(words.map(\.asDoubleQuotedYAML).joined(separator: ", "))]}"))
    case .signal(let signal, let pidFile)?:
      values.append((.afterChange, "{signal: \(signal.rawValue), pidFile: \(pidFile.asDoubleQuotedYAML)}"))
    case nil: break
    }
    return values.enumerated().map { index, value in
      "\(index == 0 ? "  - " : "    ")\(value.0): \(value.1)"
    }
  }
}

extension UInt32 {
  /// In quotes: YAML 1.1 and YAML 1.2 read `0400` as different numbers.
  fileprivate var asOctal: String { "\"0\(String(self, radix: 8))\"" }
}

extension String {
  /// Plain where every YAML reader takes it for this text, else in double quotes. `${NAME}` is for the agent.
  fileprivate var asYAML: String {
    let isPlain =
      first.map { $0.isLetter || $0 == "/" } == true
      && utf8.allSatisfy { byte in
        (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte | 0x20) || "/._-".utf8.contains(byte)
      }
    let words = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
    return isPlain && !words.contains(lowercased()) ? self : asDoubleQuotedYAML
  }
}
