import Keyspace

/// What the identities of one segmentation gain and lose when another replaces it.
package struct SegmentationComparison: Hashable, Sendable {
  /// Only identities with a difference, in the order of the second segmentation, then those that only the
  /// first has.
  package let identities: [IdentityComparison]

  /// Whether an identity may do anything that it could not do before.
  package var gainsAnything: Bool { identities.contains(where: \.gainsAnything) }
  /// Whether an identity may no longer do something that it could do before.
  package var losesAnything: Bool { identities.contains(where: \.losesAnything) }
}

/// What one user gains and loses.
package struct IdentityComparison: Hashable, Sendable {
  /// Which of the two segmentations have the user.
  package enum Presence: Hashable, Sendable { case both, onlyBefore, onlyAfter }

  /// A range in which an access is gained or lost.
  package struct Change: Hashable, Sendable {
    package let grant: Grant
    /// A key of the range, as an example.
    package let witness: Key
    /// What the keys of the range are, in words.
    package let names: [String]
  }

  package let user: String
  package let presence: Presence
  package let gained: [Change]
  package let lost: [Change]
  /// Whether the identity gets etcd's role root, with which it may change users and roles.
  package let gainsRoot: Bool
  package let losesRoot: Bool

  package var gainsAnything: Bool { gainsRoot || !gained.isEmpty }
  package var losesAnything: Bool { losesRoot || !lost.isEmpty }
}

extension Segmentation {
  /// What each identity gains and loses between this segmentation and the other. Exact: segmentations that
  /// allow the same through different ranges do not differ.
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
    // A shortcut: most identities of a large cluster are the same on both sides.
    if presence == .both, wasRoot == isRoot, oldLines == newLines { return nil }
    let (was, may) = (
      wasRoot ? Permissions.root : Permissions(oldLines), isRoot ? Permissions.root : Permissions(newLines)
    )
    self.user = user
    gained = Self.changes(from: was, to: may, after.keyNames)
    lost = Self.changes(from: may, to: was, after.keyNames)
    gainsRoot = isRoot && !wasRoot
    losesRoot = wasRoot && !isRoot
    if presence == .both, !gainsAnything, !losesAnything { return nil }
  }

  /// What the second allows and the first does not; where both accesses are new they become one change.
  private static func changes(
    from old: Permissions, to new: Permissions, _ keyNames: KeyNames
  ) -> [Change] {
    let read = new.readable.subtracting(old.readable)
    let write = new.writable.subtracting(old.writable)
    let both = read.intersection(write)
    let parts: [(Access, KeyRangeSet)] = [
      (.readwrite, both), (.read, read.subtracting(both)), (.write, write.subtracting(both)),
    ]
    return parts.flatMap { access, set in
      set.ranges.compactMap { range in
        keyNames.witness(in: range).map {
          Change(grant: Grant(range, access), witness: $0, names: keyNames.names(in: range))
        }
      }
    }.sorted { $0.grant.range.lower < $1.grant.range.lower }
  }
}

extension Segmentation {
  fileprivate func grants(of identity: Identity) -> [Grant] { lines(of: identity).map(\.line.grant) }
}
