import Catalogue
import Names

extension UserName {
  /// The user of a component on one node: `calico-node.node-1`. No component has a dot in its name, so the
  /// first dot separates the two.
  package static func of(_ component: String, on node: NodeName) -> String { "\(component).\(node)" }
}
