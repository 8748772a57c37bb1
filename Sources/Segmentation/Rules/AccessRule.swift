import Keyspace

/// A rule that the file sets for its own segmentation.
package struct AccessRule: Hashable, Sendable {
  package enum Claim: Hashable, Sendable {
    /// Only these identities may have the access to any of the keys.
    case only([String], Access, KeyRange)
    /// No identity of one side may write a key that an identity of the other side may read or write.
    case separate([String], [String], KeyRange)
  }

  /// The name by which messages and `accept` refer to it.
  package var name: String
  package var claim: Claim
  /// Why the rule exists, for people who review the file.
  package var why: String

  package init(name: String, claim: Claim, why: String) {
    self.name = name
    self.claim = claim
    self.why = why
  }

  /// The rule as a sentence without a full stop.
  package var sentence: String {
    switch claim {
    case .only(let users, let access, let range):
      let verb = access == .readwrite ? "read and write" : "\(access)"
      return users.isEmpty
        ? "no identity may \(verb) \(range)" : "only \(users.joined(separator: ", ")) may \(verb) \(range)"
    case .separate(let left, let right, let range):
      let place = range == .everything ? "" : " in \(range)"
      return "\(left.joined(separator: ", ")) and \(right.joined(separator: ", ")) are separate\(place)"
    }
  }
}

/// One way in which a segmentation breaks a rule.
package struct RuleViolation: Hashable, Sendable {
  /// The identity that has the access; for ``AccessRule/Claim/separate(_:_:_:)`` the one that may write.
  package let user: String
  /// The identity of the other side that may read or write the same key; nil for a rule that concerns one identity.
  package let other: String?
  package let access: Access
  /// A key for which it holds.
  package let witness: Key
  /// What the key is, in the plural: `Tiers`; nil for a key without a name.
  package let name: String?
  /// The role and grant that allow it; nil for the role root.
  package let line: RoleLine?

  /// As a sentence without a full stop: `'alice' may write /a (Tiers), by write /a* (role alice)`.
  package var sentence: String {
    let place = "\(witness)" + (name.map { " (\($0))" } ?? "")
    let by = line.map { "by \($0)" } ?? "by the role root"
    let first = "'\(user)' may \(access == .readwrite ? "read and write" : "\(access)") \(place), \(by)"
    return other.map { "\(first), and '\($0)' may use the same key" } ?? first
  }
}

/// A rule with the ways in which a segmentation breaks it.
package struct RuleResult: Hashable, Sendable {
  package let rule: AccessRule
  /// Empty if the rule holds. At most ``AccessRule/most`` of them.
  package let violations: [RuleViolation]
  /// How many identities, or pairs of them, break it.
  package let count: Int

  package var holds: Bool { count == 0 }
}
