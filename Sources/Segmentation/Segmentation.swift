import Keyspace

/// Who there is and what each may do: the one value that everything else is a projection of.
public struct Segmentation: Hashable, Sendable {
  public let cluster: String
  /// In the order of the file, the administrator first.
  public let identities: [Identity]
  /// In the order in which the identities need them; etcd's own role `root` is not among them.
  public let roles: [Role]
  private let identityIndex: [String: Int]
  private let roleIndex: [String: Int]

  public init(cluster: String, identities: [Identity], roles: [Role]) {
    self.cluster = cluster
    self.identities = identities
    self.roles = roles
    identityIndex = .init(zip(identities.map(\.user), identities.indices)) { first, _ in first }
    roleIndex = .init(zip(roles.map(\.name), roles.indices)) { first, _ in first }
  }

  public subscript(identity user: String) -> Identity? { identityIndex[user].map { identities[$0] } }
  public subscript(role name: String) -> Role? { roleIndex[name].map { roles[$0] } }

  /// All that the identity may do with keys, over all of its roles.
  public func permissions(of identity: Identity) -> Permissions {
    identity.isRoot ? .root : Permissions(lines(of: identity).map(\.line.grant))
  }

  /// Each line of each of the identity's roles.
  func lines(of identity: Identity) -> [RoleLine] {
    identity.roles.compactMap { self[role: $0] }.flatMap { role in
      role.grants.map { RoleLine(role: role.name, line: $0) }
    }
  }

  /// The certificates that Bulkhead issues for the segmentation, in the order of the identities and their nodes.
  public var deliveries: [Delivery] { identities.filter(\.isIssued).flatMap(\.deliveries) }

  /// Those who log in with a password, in the order of the identities.
  public var passwordUsers: [String] { identities.filter { $0.login == .password }.map(\.user) }
}

/// An etcd role: a name and what it grants.
public struct Role: Hashable, Sendable {
  /// etcd's built-in role, which may do everything and needs no grants.
  public static let root = "root"

  public struct Line: Hashable, Sendable {
    public let grant: Grant
    /// What the program does with the keys; empty for what was granted without the catalogue.
    public let why: String
    /// Why the grant is the same for all nodes although each has a user of its own; nil where nodes are not divided
    /// or there is nothing to divide.
    public let whyShared: String?

    public init(_ grant: Grant, why: String = "", whyShared: String? = nil) {
      self.grant = grant
      self.why = why
      self.whyShared = whyShared
    }
  }

  public let name: String
  public let grants: [Line]

  public init(name: String, grants: [Line]) {
    self.name = name
    self.grants = grants
  }
}

/// A line of a role, with the role's name: what a verdict rests on.
public struct RoleLine: Hashable, Sendable {
  public let role: String
  public let line: Role.Line
}

extension RoleLine: CustomStringConvertible {
  public var description: String { "\(line.grant) (role \(role))" }
}
