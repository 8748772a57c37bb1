import Catalogue
import Endpoints
import Keyspace
import StrictYAML

/// `bulkhead.yaml` as its author wrote it, checked: every name is known, every value has its type.
///
/// Paths are as written; they are relative to the folder the file is in.
package struct SegmentationFile: Hashable, Sendable {
  /// A name for people, to tell one cluster from another.
  package var cluster: String
  package var calico: Calico
  package var etcd: Etcd
  package var isolation: Isolation
  /// Components by the catalogue's names, in the order of the file.
  package var components: [String]
  package var calicoctl: [CalicoctlUser]
  package var custom: [CustomComponent]
  package var customRoles: [CustomRole]
  /// What divides the components that run on every node; without effect for ``Isolation/component``.
  package var nodes: [NodeName]
  /// The file with the list of the nodes, where it is not this one and was not given to the reader.
  package var nodesFile: String?
  /// The Common Name of kube-apiserver's etcd client certificate; nil if Kubernetes uses another etcd.
  package var apiserver: String?
  package var certificates: Certificates
  package var management: Management

  package struct Calico: Hashable, Sendable {
    package var release: CalicoRelease
    package var roles: CatalogueForm
    package var features: [String]
    /// What OpenStack's programs and Felix have as `openstack_region`; nil where they have none.
    package var region: String?
  }

  /// How to reach etcd, and as whom.
  package struct Etcd: Hashable, Sendable {
    package var endpoints: [Endpoint]
    /// The authority of the members' server certificates.
    package var ca: String
    /// A certificate whose user has the root role.
    package var certificate: String
    package var key: String
  }

  package enum Isolation: String, CaseIterable, Sendable {
    /// One identity for each component.
    case component
    /// A certificate for each component on each node; all of a component's share its user.
    case nodeCertificate = "node-certificate"
    /// A user for each component on each node, with the node's own grants.
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
  }

  /// A program that the catalogue does not know.
  package struct CustomComponent: Hashable, Sendable {
    package var user: String
    /// What its own role, of its name, allows; it has none if this is empty.
    package var grants: [Grant]
    /// What else it has: roles of the file's by their names.
    package var roles: [String]

    package init(user: String, grants: [Grant] = [], roles: [String] = []) {
      self.user = user
      self.grants = grants
      self.roles = roles
    }
  }

  /// A role that several users may share, or none has yet.
  package struct CustomRole: Hashable, Sendable {
    package var role: String
    package var grants: [Grant]

    package init(role: String, grants: [Grant]) {
      self.role = role
      self.grants = grants
    }
  }

  package struct Certificates: Hashable, Sendable {
    /// The folder of the authority, `ca.crt` and `ca.key`.
    package var directory: String
    package var lifetime: Lifetime
  }

  /// What happens to users and roles that the file does not name.
  package enum Management: String, CaseIterable, Sendable {
    case additive, adopt, authoritative
  }
}
