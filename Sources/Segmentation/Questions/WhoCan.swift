import Keyspace

/// An identity that may do what was asked, and why.
package struct Holder: Hashable, Sendable {
  package let identity: Identity
  /// The lines that allow it; empty for those who hold the role root.
  package let lines: [RoleLine]
}

extension Segmentation {
  /// Everyone whose request etcd would let pass, in the order of the identities, those with the role root included.
  package func whoCan(_ access: Access, _ range: KeyRange) -> [Holder] {
    // Of each role only what touches the range matters, and most roles have nothing of that: thousands of identities
    // are gone through at the price of the few that are left.
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
