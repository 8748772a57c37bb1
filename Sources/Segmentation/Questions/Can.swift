import Errors
import Keyspace
import StrictYAML
import Text

/// Whether an identity may do something, and why.
package struct AccessAnswer: Hashable, Sendable {
  package enum Verdict: Hashable, Sendable {
    /// Allowed: the role root may do everything.
    case root
    /// These lines together allow it: for each access the fewest that cover the range, in the order of the
    /// keys.
    case granted([RoleLine])
    case refused(Miss)
  }

  /// Why access is refused, with the grant that comes nearest.
  package struct Miss: Hashable, Sendable {
    /// The missing access: read, write, or both.
    package let lacking: Access
    /// The requested keys for which an access is missing, for reads and writes together.
    package let uncovered: KeyRangeSet
    /// The first of these keys.
    package let firstKey: Key
    /// What these keys are, in words.
    package let names: [String]
    /// The line of the identity's roles that comes nearest; nil if it has none.
    package let nearest: RoleLine?
    /// How ``nearest`` differs from the request, as a sentence without a full stop; nil if there is no such
    /// line.
    package let by: String?
  }

  package let identity: Identity
  package let access: Access
  package let range: KeyRange
  package let verdict: Verdict

  package var isAllowed: Bool { if case .refused = verdict { false } else { true } }
}

/// The user does not exist.
package struct UnknownIdentity: ExplainedError, Hashable, Sendable {
  package let user: String
  package let hint: String?
  package var message: String { "unknown identity \(quoted(user))" }
}

extension UnknownIdentity {
  package var description: String { message }
}

extension Segmentation {
  /// Whether etcd would permit the identity's request. Exact for every request that covers a key.
  /// - Parameter access: Read for get and watch, write for put and delete, both for a transaction that
  ///   compares and writes, as each of Calico's writes does.
  /// - Throws: ``UnknownIdentity``, with the nearest name.
  package func can(_ user: String, _ access: Access, _ range: KeyRange) throws(UnknownIdentity)
    -> AccessAnswer
  {
    let identity = try known(user)
    return AccessAnswer(
      identity: identity, access: access, range: range, verdict: verdict(identity, access, range))
  }

  func known(_ user: String) throws(UnknownIdentity) -> Identity {
    if let identity = self[identity: user] { return identity }
    let users = identities.map(\.user)
    // With thousands of users, a list of all would be useless.
    let hint =
      NearestWord.of(user, among: users).map { "did you mean '\($0)'?" }
      ?? "known here: \(users.prefix(12).joined(separator: ", "))\(users.count > 12 ? ", …" : "")"
    throw UnknownIdentity(user: user, hint: hint)
  }

  private func verdict(_ identity: Identity, _ access: Access, _ range: KeyRange) -> AccessAnswer.Verdict {
    if identity.isRoot { return .root }
    let permissions = permissions(of: identity)
    let lines = lines(of: identity)
    guard permissions.allow(access, range) else {
      return .refused(AccessAnswer.Miss(access, range, permissions: permissions, lines: lines, keyNames))
    }
    var chosen: [RoleLine] = []
    for kind in access.kinds {
      for line in lines.covering(range, kind) where !chosen.contains(line) { chosen.append(line) }
    }
    return .granted(chosen)
  }
}

extension Access {
  /// Read and write as separate values.
  var kinds: [Access] { [.read, .write].filter(contains) }
}

extension [RoleLine] {
  /// The fewest lines that together cover the range: a greedy choice that always takes the line reaching
  /// furthest from the end of the last one.
  func covering(_ range: KeyRange, _ access: Access) -> [RoleLine] {
    let range = range.isEmpty ? KeyRange.key(range.lower) : range
    let candidates = filter {
      $0.line.grant.access.contains(access) && $0.line.grant.range.intersection(range) != nil
    }
    var chosen: [RoleLine] = []
    var position: Key? = range.lower
    while let start = position, range.contains(start) {
      let next = candidates.filter { $0.line.grant.range.contains(start) }
        .max { KeyRange.isShorter($0.line.grant.range, $1.line.grant.range) }
      guard let next else { return [] }
      chosen.append(next)
      position = next.line.grant.range.upper
    }
    return chosen
  }
}

extension KeyRange {
  /// Whether the left range ends before the right one; a range without an end is the longest.
  static func isShorter(_ left: KeyRange, _ right: KeyRange) -> Bool {
    guard let leftUpper = left.upper else { return false }
    return right.upper.map { leftUpper < $0 } ?? true
  }
}
