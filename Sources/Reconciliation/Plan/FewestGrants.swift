import Etcd
import Keyspace
import Segmentation

/// The smallest set of permissions that allows what a set of grants allows.
///
/// The permissions that a user holds cost etcd time at every change of any user. So roles that exist once per
/// node, and roles that the users of all nodes share, are not written as the table that people review but in
/// this form.
struct FewestGrants {
  private let divided: Set<String>
  private let ownHolders: [String: Identity]
  private let segmentation: Segmentation
  private var shared: [[String]: Permissions] = [:]

  init(_ segmentation: Segmentation) {
    var holders: [String: [Identity]] = [:]
    for identity in segmentation.identities {
      for role in identity.roles { holders[role, default: []].append(identity) }
    }
    let divided = holders.filter { _, identities in identities.allSatisfy { $0.node != nil } }
    self.divided = Set(divided.keys)
    ownHolders = divided.compactMapValues { $0.count == 1 ? $0.first : nil }
    self.segmentation = segmentation
  }

  /// The role's smallest set of permissions if only users of single nodes have it; nil for any other role.
  mutating func permissions(of role: Role) -> [Permission]? {
    guard divided.contains(role.name) else { return nil }
    return Self.allowing(role.grants.map(\.grant), besides: others(role.name))
  }

  /// What the only holder of a role may do through its other roles; empty if the role has several holders.
  private mutating func others(_ role: String) -> Permissions {
    guard let holder = ownHolders[role], role == holder.user else { return Permissions([]) }
    let names = holder.roles.filter { $0 != role }
    if let known = shared[names] { return known }
    let permissions = Permissions(
      names.compactMap { segmentation[role: $0] }.flatMap { $0.grants.map(\.grant) })
    shared[names] = permissions
    return permissions
  }

  /// - Parameters:
  ///   - grants: What the role must allow.
  ///   - others: What all holders of the role may do through other roles.
  /// - Returns: Permissions that together with `others` allow exactly what `grants` and `others` allow,
  ///   sorted by key; never more than there are grants.
  static func allowing(_ grants: [Grant], besides others: Permissions) -> [Permission] {
    let wanted = Permissions(grants)
    let mayRead = wanted.readable.union(others.readable)
    let written = wanted.writable.ranges.filter { !others.writable.contains($0) }
    // A range that is both read and written becomes one permission.
    let both = KeyRangeSet(written.filter(mayRead.contains))
    let read = wanted.readable.ranges.filter { !others.readable.contains($0) && !both.contains($0) }
    let permissions =
      read.map { Permission(Grant($0, .read)) }
      + written.map { Permission(Grant($0, both.contains($0) ? .readwrite : .write)) }
    return permissions.sorted {
      ($0.grant.range.lower, $0.access.rawValue) < ($1.grant.range.lower, $1.access.rawValue)
    }
  }
}
