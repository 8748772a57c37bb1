import Keyspace

/// A key or prefix with placeholders: `/calico/ipam/v2/host/{node}/`.
package struct KeyPattern: Hashable, Sendable {
  /// The names that are allowed in braces.
  package enum Placeholder: String, CaseIterable, Sendable {
    /// The node's name.
    case node
    /// The node's name as part of a WorkloadEndpoint's name: ``NodeName/escaped``.
    case nodeEscaped = "node-escaped"
    /// `no-region` or `region-<name>`.
    case region
    /// The namespace of OpenStack's resources: `openstack` or `openstack-region-<name>`.
    case openstack
    /// The name of the CNI network.
    case network
    /// The prefix of Kubernetes' keys, with a slash at both ends.
    case kubernetes

    var isNode: Bool { self == .node || self == .nodeEscaped }
  }

  private enum Part: Hashable, Sendable {
    case literal([UInt8])
    case placeholder(Placeholder)
  }

  /// As written in the data file.
  package let text: String
  /// Whether the pattern means every key that begins with the text, or the one key.
  package let isPrefix: Bool
  private let parts: [Part]

  /// - Returns: nil if a brace is not closed or contains no ``Placeholder``.
  init?(_ text: String, isPrefix: Bool) {
    var parts: [Part] = []
    var rest = text[...]
    while let brace = rest.firstIndex(of: "{") {
      parts.append(.literal(Array(rest[..<brace].utf8)))
      let name = rest[rest.index(after: brace)...].prefix { $0 != "}" }
      guard name.endIndex < rest.endIndex, let placeholder = Placeholder(rawValue: String(name)) else {
        return nil
      }
      parts.append(.placeholder(placeholder))
      rest = rest[rest.index(after: name.endIndex)...]
    }
    parts.append(.literal(Array(rest.utf8)))
    self.text = text
    self.isPrefix = isPrefix
    self.parts = parts
  }

  /// Whether the keys differ from node to node.
  package var namesNode: Bool {
    parts.contains { if case .placeholder(let placeholder) = $0 { placeholder.isNode } else { false } }
  }

  /// The keys of the pattern.
  /// - Returns: nil if the pattern contains the node's name and `node` is nil.
  package func range(for installation: Installation, node: NodeName?) -> KeyRange? {
    var bytes: [UInt8] = []
    for part in parts {
      switch part {
      case .literal(let literal): bytes += literal
      case .placeholder(let placeholder):
        guard let value = placeholder.value(for: installation, node: node) else { return nil }
        bytes += value
      }
    }
    return isPrefix ? .prefix(Key(bytes)) : .key(Key(bytes))
  }
}

extension KeyPattern.Placeholder {
  fileprivate func value(for installation: Installation, node: NodeName?) -> [UInt8]? {
    let text: String?
    switch self {
    case .node: text = node?.text
    case .nodeEscaped: text = node?.escaped
    case .region: text = installation.regionString
    case .openstack: text = installation.openstackNamespace
    case .network: text = installation.network
    case .kubernetes: return installation.kubernetesPrefix.bytes
    }
    return text.map { Array($0.utf8) }
  }
}

extension KeyPattern: CustomStringConvertible {
  /// The text; a prefix ends in a star.
  package var description: String { isPrefix ? text + "*" : text }
}
