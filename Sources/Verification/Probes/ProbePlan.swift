import Catalogue
import Keyspace
import Segmentation

/// The probes that verify a segmentation. An identity is probed with everything that it is granted,
/// everything that the other identities are granted or have, the keys next to its own ranges, and keys that
/// no identity may touch.
///
/// At size: identities with the same roles are equal for etcd, and so are those of a component on several nodes but for
/// the name of the node. One of them is probed in full, and the others with their own ranges and those of one other
/// node; of the nodes a sample is probed. The stored users and roles of all are compared (``StoredComparison``), so the
/// sample has to show only that the members enforce what they store.
package struct ProbePlan: Sendable {
  /// A name that no program uses, for keys within a range.
  static let sample: Key = "bulkhead-probe"

  /// What is probed.
  package struct Selection: Hashable, Sendable {
    /// How many nodes are probed, if each node has its own user; nil for all. The ranges of so many nodes are asked for
    /// where fewer are probed, as with ``users``.
    package var nodes: Int?
    /// Whether every identity is probed in full, also those whose roles another one has.
    package var isComplete: Bool
    /// From which the sample of nodes follows.
    package var seed: UInt64
    /// Only these users; nil for all.
    package var users: Set<String>?
    /// The users with a certificate at hand, among which the nodes are chosen; nil for all.
    package var available: Set<String>?
    /// Users whose certificate Bulkhead does not issue, and that are probed because it is at hand.
    package var also: Set<String>
    /// How many lines the refused probes may add to the log of each member; nil for any number.
    package var logLines: Int?
    /// How many probes may be sent to all members; a plan with more ``ProbePlan/isTooLarge``. nil for any number.
    package var most: Int?

    package init(
      nodes: Int? = 4, isComplete: Bool = false, seed: UInt64 = 0, users: Set<String>? = nil,
      available: Set<String>? = nil, also: Set<String> = [], logLines: Int? = nil, most: Int? = nil
    ) {
      self.most = most
      self.available = available
      self.also = also
      self.nodes = nodes
      self.isComplete = isComplete
      self.seed = seed
      self.users = users
      self.logLines = logLines
    }

    /// Everything.
    package static let everything = Selection(nodes: nil, isComplete: true)
  }

  /// The identities that are probed, with their probes, in the order of the segmentation.
  package private(set) var identities: [(identity: Identity, probes: [Probe])] = []
  /// The nodes that are probed, if they are not all: a sample, or those with a certificate at hand. nil if all
  /// are, or if nodes have no users of their own.
  package private(set) var sampledNodes: [String]?
  package private(set) var nodeCount = 0
  /// How many of the nodes have a certificate at hand.
  package private(set) var nodesAtHand = 0
  /// The nodes that are not probed and whose ranges are asked for all the same.
  package private(set) var otherNodes: [String] = []
  /// How many nodes are not probed.
  package private(set) var otherNodeCount = 0
  /// The users that are probed only with their own ranges and those of one other node, because another has the same
  /// roles, or is the same component on another node.
  package private(set) var briefly: [String] = []
  /// Whether the plan was not completed, because it has more probes than ``Selection/most``.
  package private(set) var isTooLarge = false
  /// The probes that were left out to add fewer lines to the log.
  package private(set) var leftOut = 0

  package var probes: [Probe] { identities.flatMap(\.probes) }

  /// How many lines the probes add to the log of each member, if the answers are the expected ones.
  /// - Parameter members: How many members are asked: a refused write is logged by every member.
  package func logLines(askedMembers members: Int) -> Int {
    identities.reduce(0) { sum, entry in
      sum + entry.probes.filter { !$0.isAllowed && $0.question.isLoggedIfDenied }.count
    } * members
  }

  /// - Parameters:
  ///   - stored: Ranges that roles in etcd have.
  ///   - withStreams: Whether `RangeStream` is asked too.
  ///   - members: How many members are asked, for ``Selection/logLines``.
  package init(
    for segmentation: Segmentation, stored: [KeyRange] = [], selection: Selection = .everything,
    withStreams: Bool = false, members: Int = 1
  ) {
    var random = SplitMix(state: selection.seed)
    let everyone = segmentation.identities.filter { identity in
      identity.isIssued || selection.also.contains(identity.user)
    }
    let issued = everyone.filter { selection.users?.contains($0.user) ?? true }
    var chosen = issued.filter { selection.available?.contains($0.user) ?? true }
    let nodes = Self.unique(chosen.compactMap { $0.node?.description })
    nodesAtHand = nodes.count
    nodeCount = Set(issued.compactMap { $0.node?.description }).count
    if let limit = selection.nodes, nodes.count > limit, selection.users == nil {
      let sample = Set(nodes.shuffled(using: &random).prefix(limit))
      chosen = chosen.filter { $0.node.map { sample.contains($0.description) } ?? true }
    }
    let probed = Self.unique(chosen.compactMap { $0.node?.description })
    if probed.count < nodeCount { sampledNodes = probed }
    let others = Self.unique(everyone.compactMap { $0.node?.description }).filter { !probed.contains($0) }
    otherNodes =
      selection.nodes.map { Array(others.shuffled(using: &random).prefix(max(0, $0 - probed.count))) }
      ?? others
    otherNodeCount = others.count
    let nodeRoles = NodeRoles(everyone, segmentation)
    let ranges = Self.ranges(of: segmentation, everyone, onNodes: Set(probed + otherNodes), stored: stored)
    let neighbours = Self.following(probed + otherNodes)
    var full: Set<[String]> = []
    var count = 0
    for identity in chosen {
      let isFull =
        full.insert(nodeRoles.structure(of: identity)).inserted || selection.isComplete
        || selection.users != nil
      if !isFull { briefly.append(identity.user) }
      let permissions = segmentation.permissions(of: identity)
      let own = permissions.readable.ranges + permissions.writable.ranges
      let next = (identity.node?.description).flatMap { neighbours[$0] }.map(nodeRoles.ranges(ofNode:)) ?? []
      let asked = isFull ? ranges : Self.unique(own + next)
      var builder = ProbeBuilder(identity, permissions, withStreams: withStreams)
      for range in asked { builder.ask(range, .granted) }
      for range in asked {
        for key in Self.inside(range) { builder.ask(.key(key), .inside) }
      }
      if isFull || identity.node != nil {
        for range in own {
          for neighbour in Self.neighbours(of: range) { builder.ask(neighbour, .neighbour) }
        }
      }
      for range in Self.outside(segmentation.kubernetesPrefix) { builder.ask(range, .outside) }
      builder.askAdministration()
      identities.append((identity, builder.probes))
      count += builder.probes.count
      if let most = selection.most, count * members > most {
        isTooLarge = true
        return
      }
    }
    if let limit = selection.logLines { reduceLogLines(to: limit / max(members, 1), &random) }
  }

  /// Leaves out refused probes that would be logged, a random choice, until so few are left.
  private mutating func reduceLogLines(to limit: Int, _ random: inout SplitMix) {
    var logged: [Probe] = []
    for probe in probes where !probe.isAllowed && probe.question.isLoggedIfDenied { logged.append(probe) }
    guard logged.count > limit else { return }
    let kept = Set(logged.shuffled(using: &random).prefix(limit))
    leftOut = logged.count - kept.count
    identities = identities.map { entry in
      (
        entry.identity,
        entry.probes.filter { probe in
          probe.isAllowed || !probe.question.isLoggedIfDenied || kept.contains(probe)
        }
      )
    }
  }

  // MARK: - Ranges

  /// Every range that a role grants, ordered by key, wider ranges first.
  package static func ranges(of segmentation: Segmentation) -> [KeyRange] {
    sorted(Set(segmentation.roles.flatMap { $0.grants.map(\.grant.range) }))
  }

  /// The ranges that identities are asked for in full: without those that only roles of other nodes have.
  private static func ranges(
    of segmentation: Segmentation, _ all: [Identity], onNodes nodes: Set<String>, stored: [KeyRange]
  ) -> [KeyRange] {
    var (kept, dropped): (Set<String>, Set<String>) = ([], [])
    for identity in all {
      if identity.node.map({ nodes.contains($0.description) }) ?? true {
        kept.formUnion(identity.roles)
      } else {
        dropped.formUnion(identity.roles)
      }
    }
    dropped.subtract(kept)
    let file = Set(segmentation.roles.flatMap { $0.grants.map(\.grant.range) })
    let wanted = segmentation.roles.filter { !dropped.contains($0.name) }.flatMap {
      $0.grants.map(\.grant.range)
    }
    return sorted(Set(wanted).union(stored.filter { !file.contains($0) && !$0.isEmpty }))
  }

  /// For each node the one after it, and the first for the last one; empty for a single node.
  private static func following(_ nodes: [String]) -> [String: String] {
    guard nodes.count > 1 else { return [:] }
    return Dictionary(zip(nodes, nodes.dropFirst() + nodes.prefix(1))) { first, _ in first }
  }

  private static func sorted(_ ranges: Set<KeyRange>) -> [KeyRange] {
    ranges.sorted { left, right in
      left.lower == right.lower ? left.contains(right) : left.lower < right.lower
    }
  }

  private static func unique<Element: Hashable>(_ elements: [Element]) -> [Element] {
    var seen: Set<Element> = []
    return elements.filter { seen.insert($0).inserted }
  }

  /// - Parameter kubernetes: What every key of Kubernetes begins with.
  static func outside(_ kubernetes: Key = .kubernetes) -> [KeyRange] {
    [
      .prefix(kubernetes), .key(kubernetes + "secrets/kube-system/bulkhead-probe"), .bulkhead, .compaction,
      .everything,
    ]
  }

  /// Keys within a range of several keys: the first one, one that no program uses, and the last one that is
  /// found.
  static func inside(_ range: KeyRange) -> [Key] {
    guard range.singleKey == nil, !range.isEmpty else { return [] }
    let keys =
      [range.lower, (range.prefix ?? range.lower) + sample] + [range.upper?.before].compactMap { $0 }
    return unique(keys.filter { !$0.bytes.isEmpty && range.contains($0) })
  }

  /// The keys next to a range on both sides, and the range extended by the key before and by the key after it.
  static func neighbours(of range: KeyRange) -> [KeyRange] {
    var neighbours: [KeyRange] = []
    if let before = range.lower.before {
      neighbours.append(.key(before))
      neighbours.append(KeyRange(from: before, to: range.upper))
    }
    let parent = Key(range.lower.bytes.dropLast())
    if !parent.bytes.isEmpty { neighbours.append(.key(parent)) }
    if let upper = range.upper {
      neighbours.append(.key(upper))
      neighbours.append(KeyRange(from: range.lower, to: upper.next))
    }
    return neighbours
  }
}

/// Collects the probes of one identity, each question once.
private struct ProbeBuilder {
  let identity: Identity
  let permissions: Permissions
  let withStreams: Bool
  private var seen: Set<Probe.Question> = []
  private(set) var probes: [Probe] = []

  init(_ identity: Identity, _ permissions: Permissions, withStreams: Bool) {
    (self.identity, self.permissions, self.withStreams) = (identity, permissions, withStreams)
  }

  mutating func ask(_ range: KeyRange, _ reason: Probe.Reason) {
    var questions: [(Probe.Question, Access)] = [
      (.read(range), .read), (.write(range), .write), (.watch(range), .read),
    ]
    if withStreams, reason == .granted || reason == .outside { questions.append((.stream(range), .read)) }
    for (question, access) in questions {
      ask(question, reason, isAllowed: permissions.allow(access, range))
    }
  }

  mutating func askAdministration() {
    for question in [Probe.Question.administer, .maintain, .changeMembers] {
      ask(question, .administration, isAllowed: identity.isRoot)
    }
  }

  private mutating func ask(_ question: Probe.Question, _ reason: Probe.Reason, isAllowed: Bool) {
    guard seen.insert(question).inserted else { return }
    probes.append(Probe(user: identity.user, question: question, reason: reason, isAllowed: isAllowed))
  }
}

/// A generator whose numbers follow from its seed (SplitMix64, Steele, Lea and Flood 2014).
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
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
