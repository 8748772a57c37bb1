import Keyspace

/// An identity that may do what was asked, and why.
package struct Holder: Hashable, Sendable {
  package let identity: Identity
  /// The lines that allow it; empty for an identity with the role root.
  package let lines: [RoleLine]
}

extension Segmentation {
  /// Every identity whose request etcd would permit, in the order of the identities, those with the role root
  /// included.
  package func whoCan(_ access: Access, _ range: KeyRange) -> [Holder] {
    // Only the lines that touch the range matter, and most roles have none of those: with thousands of
    // identities, only a few have to be evaluated.
    let touching = Dictionary(
      roles.compactMap { role -> (String, [RoleLine])? in
        let asked = range.isEmpty ? KeyRange.key(range.lower) : range
        let lines = role.grants.filter { $0.grant.range.intersection(asked) != nil }
        return lines.isEmpty ? nil : (role.name, lines.map { RoleLine(role: role.name, line: $0) })
      }
    ) { first, _ in first }
    return identities.compactMap { identity in
      if identity.isRoot { return Holder(identity: identity, lines: []) }
      let lines = identity.roles.flatMap { touching[$0] ?? [] }
      guard !lines.isEmpty, Permissions(lines.map(\.line.grant)).allow(access, range) else { return nil }
      var chosen: [RoleLine] = []
      for kind in access.kinds {
        for line in lines.covering(range, kind) where !chosen.contains(line) { chosen.append(line) }
      }
      return Holder(identity: identity, lines: chosen)
    }
  }
}
