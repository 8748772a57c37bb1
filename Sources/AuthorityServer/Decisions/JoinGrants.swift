import Catalogue
import Certificates
import FoundationEssentials
import Segmentation

extension Segmentation {
  /// The grant of a new join token, checked against the file.
  /// - Parameters:
  ///   - node: the node whose identities it allows; nil for identities that belong to no node.
  ///   - components: the allowed components; empty for all of the node.
  ///   - uses: the number of certificates for each identity.
  /// - Throws: ``AuthorityServerError`` if no identity could be requested with it.
  package func joinGrant(
    node: String?, components: [String], uses: Int, expiresAt: Date
  ) throws -> JoinGrant {
    guard node != nil || !components.isEmpty else {
      throw AuthorityServerError(
        "a join token is for a node or for components", hint: "name it with --node, or them with --component")
    }
    let delivered = identities.filter { identity in
      identity.enrollableProgram != nil && !identity.isRoot
        && identity.deliveries.contains { $0.node == nil || $0.node?.text == node }
    }
    if let node, components.isEmpty,
      !delivered.contains(where: { $0.deliveries.contains { $0.node?.text == node } })
    {
      throw AuthorityServerError(
        "the file has no identity that is the node's \"\(node)\" own",
        hint:
          "add it to 'nodes' where the isolation is by node; otherwise name the components with --component")
    }
    for component in components where component.utf8.contains(UInt8(ascii: ",")) {
      throw AuthorityServerError(
        "\"\(component)\" has a comma: a join token cannot name it",
        hint: "repeat --component for several components; a user with a comma in its name needs another proof"
      )
    }
    for component in components where !delivered.contains(where: { $0.enrollableProgram == component }) {
      throw AuthorityServerError(
        "\"\(component)\" is nothing that \(node.map { "the node \"\($0)\"" } ?? "a program without a node") may have",
        hint:
          "there is \(Set(delivered.compactMap(\.enrollableProgram)).filter { !$0.contains(",") }.sorted().joined(separator: ", "))"
      )
    }
    return JoinGrant(
      node: node, components: components.isEmpty ? nil : components, uses: uses, expiresAt: expiresAt)
  }

  /// All nodes that have identities of their own, in the order of the file.
  package var nodes: [String] {
    var seen: Set<String> = []
    return deliveries.compactMap { $0.node?.text }.filter { seen.insert($0).inserted }
  }
}
