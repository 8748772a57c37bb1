import Catalogue
import Keyspace
import Names
import StrictYAML

/// The content of `bulkhead.yaml`, checked: every name is known, every value has its type.
///
/// Paths are as written; they are relative to the folder of the file.
package struct SegmentationFile: Hashable, Sendable {
  /// A name for people, to tell clusters apart.
  package var cluster: String
  package var calico: Calico
  package var etcd: Etcd
  package var isolation: Isolation
  /// Names of components in the catalogue, in the order of the file.
  package var components: [String]
  package var calicoctl: [CalicoctlUser]
  package var custom: [CustomComponent]
  package var customRoles: [CustomRole]
  /// The nodes on which components of placement `node` are divided; without effect for
  /// ``Isolation/component``.
  package var nodes: [NodeName]
  /// Calico's name of each node that has another one in Kubernetes, by the name in Kubernetes.
  package var nodesByKubernetesName: [String: NodeName]
  /// The path of the file with the list of nodes, if `nodes` names a file and no list was given to the
  /// reader.
  package var nodesFile: String?
  /// The Common Names of the etcd client certificates of kube-apiserver, one for each API server that has a name of
  /// its own; empty if Kubernetes uses another etcd.
  package var apiservers: [String]
  /// What every key of Kubernetes begins with: kube-apiserver's `--etcd-prefix` with a slash at both ends.
  package var kubernetesPrefix: Key = .kubernetes
  /// Users besides root that hold the role root and keep it.
  package var administrators: [Administrator]
  package var certificates: Certificates
  package var management: Management
  /// Tells files apart that are applied to the same etcd; nil if the name of the cluster does.
  package var owner: String?
  /// Names of users and roles from which nothing is taken away, whatever ``management`` is.
  package var protected: [String]
  /// What the segmentation has to keep, by the file itself.
  package var rules: [AccessRule] = []
  /// Findings that do not count until a day.
  package var accepted: [AcceptedFinding] = []

  /// The release of Calico and what else determines the tables of the catalogue.
  package struct Calico: Hashable, Sendable {
    package var release: CalicoRelease
    /// Other releases in use at the same time, as during a rolling upgrade: grants are those that any of them needs.
    package var also: [CalicoRelease] = []
    package var roles: CatalogueForm
    package var features: [String]
    /// The `openstack_region` of OpenStack's programs and Felix; nil if they have none.
    package var region: String?
    /// The `name` in the CNI network configuration; nil for the name in Calico's own manifests.
    package var network: String?
  }

  /// A user of another program or person that needs etcd's role root, such as kubeadm's own client.
  package struct Administrator: Hashable, Sendable {
    package var user: String
    /// What needs the role root, for people who review the file.
    package var why: String

    package init(user: String, why: String) {
      self.user = user
      self.why = why
    }
  }

  /// How to reach etcd, and with which certificate.
  package struct Etcd: Hashable, Sendable {
    package var endpoints: [Endpoint]
    /// The path of the authority of the members' server certificates.
    package var ca: String
    /// The path of a certificate whose user has the role root.
    package var certificate: String
    package var key: String
    /// The name or address that the members' server certificates must have, for endpoints that lead to a
    /// port-forward or a bastion; nil for the host of each endpoint.
    package var serverName: String?
  }

  /// How the components that run on every node are divided.
  package enum Isolation: String, CaseIterable, Sendable {
    /// One identity for each component.
    case component
    /// A certificate for each component on each node; all nodes of a component share its user.
    case nodeCertificate = "node-certificate"
    /// A user for each component on each node, with grants for that node.
    case nodeUser = "node-user"

    var usersPerNode: Bool { self == .nodeUser }
  }

  /// A person or program that uses calicoctl.
  package struct CalicoctlUser: Hashable, Sendable {
    package enum Access: String, CaseIterable, Sendable {
      case readOnly = "read-only"
      case policyEditor = "policy-editor"
      case full
    }
    package var user: String
    package var access: Access

    package init(user: String, access: Access) {
      self.user = user
      self.access = access
    }
  }

  /// A program that is not in the catalogue.
  package struct CustomComponent: Hashable, Sendable {
    package var user: String
    /// The grants of its own role, which has the name of the user; if this is empty it has no such role.
    package var grants: [Grant]
    /// Names of further roles in the file that it has.
    package var roles: [String]

    package init(user: String, grants: [Grant] = [], roles: [String] = []) {
      self.user = user
      self.grants = grants
      self.roles = roles
    }
  }

  /// A role that the file defines. Several users may have it, or none.
  package struct CustomRole: Hashable, Sendable {
    package var role: String
    package var grants: [Grant]

    package init(role: String, grants: [Grant]) {
      self.role = role
      self.grants = grants
    }
  }

  package struct Certificates: Hashable, Sendable {
    /// The path of the folder with the authority's `ca.crt` and `ca.key`.
    package var directory: String
    package var lifetime: Lifetime
    /// The lifetime of certificates that are issued over the network, which are renewed without a person;
    /// never longer than ``lifetime``.
    package var enrolledLifetime: Lifetime
  }

  /// What Bulkhead does with users and roles that the file does not name.
  package enum Management: String, CaseIterable, Sendable {
    case additive, adopt, authoritative
  }
}
