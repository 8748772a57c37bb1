import Keyspace
import Segmentation

/// The probes that verify a segmentation. Each identity is probed with everything that it is granted,
/// everything that the other identities are granted, the keys next to its own ranges, and keys that no
/// identity may touch.
package enum ProbePlan {
  /// A name that no program uses, for keys within a range.
  static let sample: Key = "bulkhead-probe"

  /// The probes for all identities that have a certificate from Bulkhead. No request appears twice for an
  /// identity.
  package static func probes(for segmentation: Segmentation) -> [Probe] {
    let granted = ranges(of: segmentation)
    return segmentation.identities.filter(\.isIssued).flatMap { identity in
      let permissions = segmentation.permissions(of: identity)
      var seen: Set<Probe.Question> = []
      var probes: [Probe] = []

      func ask(_ range: KeyRange, _ reason: Probe.Reason) {
        for (question, access) in [
          (Probe.Question.read(range), Access.read), (.write(range), .write), (.watch(range), .read),
        ] where seen.insert(question).inserted {
          probes.append(
            Probe(
              user: identity.user, question: question, reason: reason,
              isAllowed: permissions.allow(access, range)))
        }
      }

      for range in granted { ask(range, .granted) }
      for range in granted { if let prefix = range.prefix { ask(.key(prefix + sample), .inside) } }
      for range in permissions.readable.ranges + permissions.writable.ranges {
        for neighbour in neighbours(of: range) { ask(neighbour, .neighbour) }
      }
      for range in outside { ask(range, .outside) }
      probes.append(
        Probe(
          user: identity.user, question: .administer, reason: .administration, isAllowed: identity.isRoot
        ))
      return probes
    }
  }

  /// Every range that a role grants, ordered by key, wider ranges first.
  package static func ranges(of segmentation: Segmentation) -> [KeyRange] {
    Set(segmentation.roles.flatMap { $0.grants.map(\.grant.range) }).sorted { left, right in
      left.lower == right.lower ? left.contains(right) : left.lower < right.lower
    }
  }

  static let outside: [KeyRange] = [
    .kubernetes, .key(.kubernetes + "secrets/kube-system/bulkhead-probe"), .bulkhead,
    .key("compact_rev_key"), .everything,
  ]

  /// The keys next to a range on both sides, and the range extended by the key after it.
  static func neighbours(of range: KeyRange) -> [KeyRange] {
    var neighbours: [KeyRange] = []
    if let before = range.lower.before { neighbours.append(.key(before)) }
    let parent = Key(range.lower.bytes.dropLast())
    if !parent.bytes.isEmpty { neighbours.append(.key(parent)) }
    if let upper = range.upper {
      neighbours.append(.key(upper))
      neighbours.append(KeyRange(from: range.lower, to: upper.next))
    }
    return neighbours
  }
}

extension Key {
  /// A key shortly before this one: the last byte decremented, then 0xff. No key is directly before another,
  /// except that `k` is directly before `k\x00`. nil if there is no key before this one.
  fileprivate var before: Key? {
    guard let last = bytes.last else { return nil }
    return last == 0
      ? (bytes.count > 1 ? Key(bytes.dropLast()) : nil) : Key(bytes.dropLast() + [last - 1, 0xff])
  }
}
