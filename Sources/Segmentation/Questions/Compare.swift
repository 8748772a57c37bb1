import Keyspace

/// What the identities of one segmentation gain and lose when it becomes another.
package struct SegmentationComparison: Hashable, Sendable {
  /// Only those with a difference, in the order of the second segmentation and then of the first.
  package let identities: [IdentityComparison]

  /// Whether anybody may do anything that was not allowed before.
  package var gainsAnything: Bool { identities.contains(where: \.gainsAnything) }
  package var losesAnything: Bool { identities.contains(where: \.losesAnything) }
}

package struct IdentityComparison: Hashable, Sendable {
  package enum Presence: Hashable, Sendable { case both, onlyBefore, onlyAfter }

  /// A range that becomes allowed or refused.
  package struct Change: Hashable, Sendable {
    package let grant: Grant
    /// A key of the range, to try it with.
    package let witness: Key
    /// What lies in the range, in words.
    package let names: [String]
  }

  package let user: String
  package let presence: Presence
  package let gained: [Change]
  package let lost: [Change]
  /// Whether the identity comes to hold etcd's role root, with which it may change users and roles.
  package let gainsRoot: Bool
  package let losesRoot: Bool

  package var gainsAnything: Bool { gainsRoot || !gained.isEmpty }
  package var losesAnything: Bool { losesRoot || !lost.isEmpty }
}

extension Segmentation {
  /// What changes for whom from this segmentation to the other. Exact: two that say the same in other ranges do not
  /// differ.
  package func compared(to other: Segmentation) -> SegmentationComparison {
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
