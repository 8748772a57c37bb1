import Catalogue
import Names
import Segmentation

/// A place where credentials are delivered: a node, or the host of a program that runs once or of a calicoctl
/// user.
package struct Site: Hashable, Sendable {
  /// The name of the node, or of the user.
  package let name: String
  package let node: NodeName?
  /// In the order of the segmentation.
  package let residents: [Resident]

  /// The name as a folder and as an Ansible host.
  package var fileName: String { FileName.encode(name) }

  /// An identity that is used at a site.
  package struct Resident: Hashable, Sendable {
    package let identity: Identity
    /// The node whose certificate it uses, if several nodes have certificates with the same Common Name; nil
    /// if there is one certificate for the cluster.
    package let certificateNode: NodeName?

    /// The name of its folder: the component's, which is the same on every node, or the user's, encoded.
    package var folder: String { identity.component ?? FileName.encode(identity.user) }
  }

  /// Every site of a segmentation, nodes first.
  /// - Parameter nodes: The nodes of the cluster. An identity that is shared by all nodes is used on each of
  ///   these.
  package static func all(
    of segmentation: Segmentation, nodes: [NodeName], catalogue: Catalogue
  ) -> [Site] {
    var everywhere: [Resident] = []
    var here: [NodeName: [Resident]] = [:]
    var alone: [Site] = []
    for identity in segmentation.identities where identity.isIssued {
      switch identity.place {
      case .node(let node):
        here[node, default: []].append(Resident(identity: identity, certificateNode: node))
      case .nodes(let nodes):
        for node in nodes {
          here[node, default: []].append(Resident(identity: identity, certificateNode: node))
        }
      case .cluster:
        let resident = Resident(identity: identity, certificateNode: nil)
        // One identity for all of Calico is used on each node, and where the programs run that run once.
        if identity.component == "calico", !nodes.isEmpty { everywhere.append(resident) }
        if identity.component.flatMap({ catalogue[$0] })?.placement == .node {
          everywhere.append(resident)
        } else {
          alone.append(Site(name: identity.user, node: nil, residents: [resident]))
        }
      }
    }
    let onNodes = nodes.map { node in
      Site(name: node.text, node: node, residents: everywhere + here[node, default: []])
    }
    return onNodes.filter { !$0.residents.isEmpty } + alone
  }
}
