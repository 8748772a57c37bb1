import Catalogue
import Endpoints
import Keyspace
import StrictYAML

/// `bulkhead.yaml` as its author wrote it, checked: every name is known, every value has its type.
///
/// Paths are as written; they are relative to the folder the file is in.
public struct SegmentationFile: Hashable, Sendable {
  /// A name for people, to tell one cluster from another.
  public var cluster: String
  public var calico: Calico
  public var etcd: Etcd
  public var isolation: Isolation
  /// Components by the catalogue's names, in the order of the file.
  public var components: [String]
  public var calicoctl: [CalicoctlUser]
  public var custom: [CustomComponent]
  public var customRoles: [CustomRole]
  /// What divides the components that run on every node; without effect for ``Isolation/component``.
  public var nodes: [NodeName]
  /// The file with the list of the nodes, where it is not this one and was not given to the reader.
  public var nodesFile: String?
  /// The Common Name of kube-apiserver's etcd client certificate; nil if Kubernetes uses another etcd.
  public var apiserver: String?
  public var certificates: Certificates
  public var management: Management

  public struct Calico: Hashable, Sendable {
    public var release: CalicoRelease
    public var roles: CatalogueForm
    public var features: [String]
    /// What OpenStack's programs and Felix have as `openstack_region`; nil where they have none.
    public var region: String?
  }

  /// How to reach etcd, and as whom.
  public struct Etcd: Hashable, Sendable {
    public var endpoints: [Endpoint]
    /// The authority of the members' server certificates.
    public var ca: String
    /// A certificate whose user has the root role.
    public var certificate: String
    public var key: String
  }

  public enum Isolation: String, CaseIterable, Sendable {
    /// One identity for each component.
    case component
    /// A certificate for each component on each node; all of a component's share its user.
    case nodeCertificate = "node-certificate"
    /// A user for each component on each node, with the node's own grants.
    case nodeUser = "node-user"

    var usersPerNode: Bool { self == .nodeUser }
  }

  /// A person or program that uses calicoctl.
  public struct CalicoctlUser: Hashable, Sendable {
    public enum Access: String, CaseIterable, Sendable {
      case readOnly = "read-only"
      case policyEditor = "policy-editor"
      case full
    }
    public var user: String
    public var access: Access
  }

  /// A program that the catalogue does not know.
  public struct CustomComponent: Hashable, Sendable {
    public var user: String
    /// What its own role, of its name, allows; it has none if this is empty.
    public var grants: [Grant]
    /// What else it has: roles of the file's by their names.
    public var roles: [String]

    public init(user: String, grants: [Grant] = [], roles: [String] = []) {
      self.user = user
      self.grants = grants
      self.roles = roles
    }
  }

  /// A role that several users may share, or none has yet.
  public struct CustomRole: Hashable, Sendable {
    public var role: String
    public var grants: [Grant]

    public init(role: String, grants: [Grant]) {
      self.role = role
      self.grants = grants
    }
  }

  public struct Certificates: Hashable, Sendable {
    /// The folder of the authority, `ca.crt` and `ca.key`.
    public var directory: String
    public var lifetime: Lifetime
  }

  /// What happens to users and roles that the file does not name.
  public enum Management: String, CaseIterable, Sendable {
    case additive, adopt, authoritative
  }
}
