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

  /// Whether the CNI plugin has an identity of its own here, whose access is for one CNI network.
  var hasPlugin: Bool { residents.contains { $0.identity.component == "cni-plugin" } }

  /// The name as a folder and as an Ansible host.
  package var fileName: String { FileName.encode(name) }

  /// An identity that is used at a site.
  package struct Resident: Hashable, Sendable {
    package let identity: Identity
    /// The node whose certificate it uses, if several nodes have certificates with the same Common Name; nil
    /// if there is one certificate for the cluster.
    package let certificateNode: NodeName?
    /// Calico's name of the program that uses it here; nil for people and for programs that are not Calico's. It is the
    /// identity's component, or one of the programs that share the identity `calico`.
    package let program: String?

    init(identity: Identity, certificateNode: NodeName?, program: String? = nil) {
      self.identity = identity
      self.certificateNode = certificateNode
      self.program = program ?? identity.component
    }

    /// The name of its folder: the program's, which is the same on every node, or the user's, encoded.
    package var folder: String { program ?? FileName.encode(identity.user) }
  }

  /// The programs that share the identity `calico`: those on each node, and the one that runs once.
  private static let onNodes = ["calico-node", "cni-plugin"]
  private static let onceForAll = "kube-controllers"
  /// The identity that all programs of Calico share, and in kubespray's layout its folder on each host.
  package static let shared = "calico"

  /// Every site of a segmentation, nodes first.
  /// - Parameters:
  ///   - nodes: The nodes of the cluster. An identity that is shared by all nodes is used on each of these.
  ///   - sharesFolder: Whether all programs on a host read the identity `calico` in one folder, as kubespray has it.
  package static func all(
    of segmentation: Segmentation, nodes: [NodeName], catalogue: Catalogue, sharesFolder: Bool = false
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
        if identity.component == shared {
          if sharesFolder {
            everywhere.append(Resident(identity: identity, certificateNode: nil))
            continue
          }
          everywhere += onNodes.map { Resident(identity: identity, certificateNode: nil, program: $0) }
          let once = Resident(identity: identity, certificateNode: nil, program: onceForAll)
          alone.append(Site(name: identity.user, node: nil, residents: [once]))
          continue
        }
        let resident = Resident(identity: identity, certificateNode: nil)
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
