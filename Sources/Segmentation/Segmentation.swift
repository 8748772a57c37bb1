import Catalogue
import Keyspace

/// Who there is and what each may do: the one value that everything else is a projection of.
public struct Segmentation: Hashable, Sendable {
  public let cluster: String
  /// In the order of the file, the administrator first.
  public let identities: [Identity]
  /// In the order in which the identities need them; etcd's own role `root` is not among them.
  public let roles: [Role]

  public init(cluster: String, identities: [Identity], roles: [Role]) {
    self.cluster = cluster
    self.identities = identities
    self.roles = roles
  }

  public subscript(identity user: String) -> Identity? { identities.first { $0.user == user } }
  public subscript(role name: String) -> Role? { roles.first { $0.name == name } }

  /// All that the identity may do with keys, over all of its roles.
  public func permissions(of identity: Identity) -> Permissions {
    identity.roles.contains(Role.root)
      ? .root : Permissions(identity.roles.compactMap { self[role: $0] }.flatMap { $0.grants.map(\.grant) })
  }
}

/// A certificate's Common Name and the etcd user of that name.
public struct Identity: Hashable, Sendable {
  public enum Purpose: Hashable, Sendable {
    /// etcd's administrator.
    case administrator
    /// kube-apiserver, which has a certificate already.
    case apiserver
    /// A program of Calico's, by its name in the catalogue.
    case component(String)
    /// Somebody who uses calicoctl.
    case calicoctl(SegmentationFile.CalicoctlUser.Access)
    /// A program that the catalogue does not know.
    case custom
  }

  public let user: String
  public let purpose: Purpose
  public let roles: [String]

  public init(user: String, purpose: Purpose, roles: [String]) {
    self.user = user
    self.purpose = purpose
    self.roles = roles
  }

  /// Whether Bulkhead issues its certificate without being asked. The administrator's is issued only when asked for
  /// outright, and kube-apiserver's belongs to kubeadm.
  public var isIssued: Bool { purpose != .administrator && purpose != .apiserver }
}

/// An etcd role: a name and what it grants.
public struct Role: Hashable, Sendable {
  /// etcd's built-in role, which may do everything and needs no grants.
  public static let root = "root"

  public struct Line: Hashable, Sendable {
    public let grant: Grant
    /// What the program does with the keys; empty for what the user granted without the catalogue.
    public let why: String

    public init(_ grant: Grant, why: String = "") {
      self.grant = grant
      self.why = why
    }
  }

  public let name: String
  public let grants: [Line]

  public init(name: String, grants: [Line]) {
    self.name = name
    self.grants = grants
  }
}
