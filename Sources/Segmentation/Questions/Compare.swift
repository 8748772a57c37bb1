import Keyspace

/// What the identities of one segmentation gain and lose when it becomes another.
public struct SegmentationComparison: Hashable, Sendable {
  /// Only those with a difference, in the order of the second segmentation and then of the first.
  public let identities: [IdentityComparison]

  /// Whether anybody may do anything that was not allowed before.
  public var gainsAnything: Bool { identities.contains(where: \.gainsAnything) }
  public var losesAnything: Bool { identities.contains(where: \.losesAnything) }
}

public struct IdentityComparison: Hashable, Sendable {
  public enum Presence: Hashable, Sendable { case both, onlyBefore, onlyAfter }

  /// A range that becomes allowed or refused.
  public struct Change: Hashable, Sendable {
    public let grant: Grant
    /// A key of the range, to try it with.
    public let witness: Key
    /// What lies in the range, in words.
    public let names: [String]
  }

  public let user: String
  public let presence: Presence
  public let gained: [Change]
  public let lost: [Change]
  /// Whether the identity comes to hold etcd's role root, with which it may change users and roles.
  public let gainsRoot: Bool
  public let losesRoot: Bool

  public var gainsAnything: Bool { gainsRoot || !gained.isEmpty }
  public var losesAnything: Bool { losesRoot || !lost.isEmpty }
}

extension Segmentation {
  /// What changes for whom from this segmentation to the other. Exact: two that say the same in other ranges do not
  /// differ.
  public func compared(to other: Segmentation) -> SegmentationComparison {
    let gone = identities.map(\.user).filter { other[identity: $0] == nil }
    return SegmentationComparison(
      identities: (other.identities.map(\.user) + gone).compactMap { user in
        IdentityComparison(user, before: self, after: other)
      })
  }
}

extension IdentityComparison {
  /// - Returns: nil if nothing differs.
  fileprivate init?(_ user: String, before: Segmentation, after: Segmentation) {
    let (old, new) = (before[identity: user], after[identity: user])
    presence = old == nil ? .onlyAfter : new == nil ? .onlyBefore : .both
    let oldLines = old.map(before.grants) ?? []
    let newLines = new.map(after.grants) ?? []
    let (wasRoot, isRoot) = (old?.isRoot == true, new?.isRoot == true)
    // Most identities of a large cluster are the same on both sides, and that is quickly seen.
    if presence == .both, wasRoot == isRoot, oldLines == newLines { return nil }
    let (was, may) = (
      wasRoot ? Permissions.root : Permissions(oldLines), isRoot ? Permissions.root : Permissions(newLines)
    )
    self.user = user
    gained = Self.changes(from: was, to: may)
    lost = Self.changes(from: may, to: was)
    gainsRoot = isRoot && !wasRoot
    losesRoot = wasRoot && !isRoot
    if presence == .both, !gainsAnything, !losesAnything { return nil }
  }

  /// What is allowed by the second and not by the first, with both accesses in one line where both are new.
  private static func changes(from old: Permissions, to new: Permissions) -> [Change] {
    let read = new.readable.subtracting(old.readable)
    let write = new.writable.subtracting(old.writable)
    let both = read.intersection(write)
    let parts: [(Access, KeyRangeSet)] = [
      (.readwrite, both), (.read, read.subtracting(both)), (.write, write.subtracting(both)),
    ]
    return parts.flatMap { access, set in
      set.ranges.compactMap { range in
        KeyNames.witness(in: range).map {
          Change(grant: Grant(range, access), witness: $0, names: KeyNames.names(in: range))
        }
      }
    }.sorted { $0.grant.range.lower < $1.grant.range.lower }
  }
}

extension Segmentation {
  fileprivate func grants(of identity: Identity) -> [Grant] { lines(of: identity).map(\.line.grant) }
}
