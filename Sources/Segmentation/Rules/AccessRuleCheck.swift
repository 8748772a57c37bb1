import Keyspace

extension AccessRule {
  /// More violations of one rule than these are only counted.
  static let most = 20

  /// Whether a segmentation keeps the rule.
  ///
  /// Administrators are left out: the holder of the role root may do everything, and can give itself any access. These
  /// are root, and those that the file names under `administrators` and `kubernetes.apiserver`; another identity with
  /// the role root breaks the rule.
  /// - Parameter administrators: Their users.
  package func result(in segmentation: Segmentation, administrators: Set<String>) -> RuleResult {
    let found =
      switch claim {
      case .only(let users, let access, let range):
        Self.beyond(Set(users), access, range, segmentation, administrators)
      case .separate(let left, let right, let range):
        Self.between(left, right, range, segmentation, administrators)
      }
    return RuleResult(rule: self, violations: Array(found.prefix(Self.most)), count: found.count)
  }

  private static func beyond(
    _ allowed: Set<String>, _ access: Access, _ range: KeyRange, _ segmentation: Segmentation,
    _ administrators: Set<String>
  ) -> [RuleViolation] {
    segmentation.identities.filter { !administrators.contains($0.user) && !$0.isNamed(in: allowed) }
      .compactMap { identity in
        let permissions = segmentation.permissions(of: identity)
        let reached = (access.contains(.read) ? permissions.readable : permissions.writable).intersection(
          range)
        // For both, an identity that may do either of them to different keys keeps the rule.
        let broken = access == .readwrite ? reached.intersection(permissions.writable) : reached
        return violation(of: identity, access, broken, segmentation)
      }
  }

  private static func between(
    _ left: [String], _ right: [String], _ range: KeyRange, _ segmentation: Segmentation,
    _ administrators: Set<String>
  ) -> [RuleViolation] {
    func side(_ names: [String]) -> [(identity: Identity, permissions: Permissions)] {
      segmentation.identities.filter { !administrators.contains($0.user) && $0.isNamed(in: Set(names)) }
        .map { ($0, segmentation.permissions(of: $0)) }
    }
    func shared(
      _ writers: [(identity: Identity, permissions: Permissions)],
      with users: [(identity: Identity, permissions: Permissions)]
    ) -> [RuleViolation] {
      // Of each side's union first: most pairs have nothing in common.
      let all = KeyRangeSet(users.flatMap { $0.permissions.readable.ranges + $0.permissions.writable.ranges })
      return writers.compactMap { writer in
        let common = writer.permissions.writable.intersection(range).intersection(all)
        guard let first = common.ranges.first,
          let other = users.first(where: { user in
            !user.permissions.readable.union(user.permissions.writable).intersection(first).isEmpty
          })
        else { return nil }
        let both = other.permissions.readable.union(other.permissions.writable).intersection(common)
        return violation(of: writer.identity, .write, both, segmentation, other: other.identity.user)
      }
    }
    let (a, b) = (side(left), side(right))
    let first = shared(a, with: b)
    // A pair that is named already is not named the other way round.
    let named = Set(first.compactMap { violation in violation.other.map { [$0, violation.user] } })
    return first
      + shared(b, with: a).filter { violation in
        !named.contains([violation.user, violation.other ?? ""])
      }
  }

  private static func violation(
    of identity: Identity, _ access: Access, _ keys: KeyRangeSet, _ segmentation: Segmentation,
    other: String? = nil
  ) -> RuleViolation? {
    guard let range = keys.ranges.first, let witness = segmentation.keyNames.witness(in: range) else {
      return nil
    }
    let line = segmentation.lines(of: identity).first { line in
      line.line.grant.range.contains(witness) && !line.line.grant.access.isDisjoint(with: access)
    }
    return RuleViolation(
      user: identity.user, other: other, access: access, witness: witness,
      name: segmentation.keyNames.places.first { $0.range.contains(witness) }?.name,
      line: identity.isRoot ? nil : line)
  }
}

extension Identity {
  /// Whether a list names the identity, or its component for all nodes.
  fileprivate func isNamed(in names: Set<String>) -> Bool {
    names.contains(user) || (component.map(names.contains) ?? false)
      // Of an observed user only the name is known: `calico-node.node-1` belongs to calico-node.
      || (purpose == .observed && names.contains { user.hasPrefix("\($0).") })
  }
}

extension SegmentationFile {
  /// The users that the file's own rules leave out, because they hold the role root and keep it.
  package var ruleExemptions: Set<String> {
    Set([Role.root] + administrators.map(\.user) + apiservers)
  }

  /// Each rule of the file, with what breaks it.
  package func ruleResults(in segmentation: Segmentation) -> [RuleResult] {
    rules.map { $0.result(in: segmentation, administrators: ruleExemptions) }
  }
}
