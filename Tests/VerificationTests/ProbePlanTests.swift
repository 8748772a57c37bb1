import Catalogue
import Etcd
import Keyspace
import Names
import Segmentation
import Testing

@testable import Verification

@Suite("Which probes are sent")
struct ProbePlanTests {
  private let probes = ProbePlan(for: .sample).probes

  @Test("probes exactly the identities with a certificate from Bulkhead")
  func identities() {
    #expect(Set(probes.map(\.user)) == ["node", "writer"])
  }

  @Test("probes each identity with every granted range, for read, write and watch")
  func everyRange() {
    let ranges = Segmentation.sample.roles.flatMap { $0.grants.map(\.grant.range) }
    for user in ["node", "writer"] {
      let asked = Set(probes.filter { $0.user == user }.map(\.question))
      for range in ranges {
        #expect(asked.isSuperset(of: [.read(range), .write(range), .watch(range)]), "\(user) \(range)")
      }
      #expect(asked.isSuperset(of: [.administer, .maintain, .changeMembers]))
      #expect(
        asked.isSuperset(of: [
          .read(.everything), .write(.prefix("/registry/")), .watch(.prefix("/bulkhead/")),
        ]))
    }
  }

  @Test("sends no probe twice")
  func noDuplicates() {
    #expect(Set(probes.map { "\($0.user) \($0.question)" }).count == probes.count)
  }

  @Test("expects what the segmentation allows")
  func expectations() throws {
    for probe in probes {
      let identity = try #require(Segmentation.sample[identity: probe.user])
      let permissions = Segmentation.sample.permissions(of: identity)
      let allowed =
        switch probe.question {
        case .read(let range), .watch(let range): permissions.readable.contains(range)
        case .write(let range): permissions.writable.contains(range)
        case .stream, .administer, .maintain, .changeMembers: false
        }
      #expect(probe.isAllowed == allowed, "\(probe.user) \(probe.question)")
    }
    #expect(probes.contains { $0.isAllowed } && probes.contains { !$0.isAllowed })
  }

  @Test(
    "the neighbours of a range are outside it, on both sides and beyond its end",
    arguments: [
      KeyRange.prefix("/calico/"), .key("/k"), KeyRange(from: "/b", to: "/c"), .prefix(Key([0xff])),
      .key(Key([0])), .key(Key([0x2f, 0])), KeyRange(from: "/open", to: nil), .everything,
    ])
  func neighbours(range: KeyRange) {
    let neighbours = ProbePlan.neighbours(of: range)
    for neighbour in neighbours {
      #expect(!range.contains(neighbour), "\(neighbour)")
      #expect(!neighbour.isEmpty && !neighbour.lower.bytes.isEmpty)
    }
    if let upper = range.upper {
      #expect(neighbours.contains(.key(upper)))
      #expect(neighbours.contains { $0.contains(range) })
    }
    if range.lower > Key([0]) {
      #expect(neighbours.contains { $0.lower < range.lower && $0.singleKey != nil })
    }
  }

  @Test("an unexpected permission counts whatever the second attempt gives")
  func verdicts() throws {
    let denied = Probe(user: "u", question: .read(.key("/k")), reason: .outside, isAllowed: false)
    let allowed = Probe(user: "u", question: .read(.key("/k")), reason: .granted, isAllowed: true)
    let endpoint = try Endpoint("https://a:2379")
    let lost = Answer.inconclusive(
      EtcdError(code: .unavailable, operation: "Range", endpoint: "a", message: "lost"))
    for (probe, first, second, verdict) in [
      (denied, Answer.allowed, Answer.denied, ProbeResult.Verdict.wrong), (denied, .allowed, lost, .wrong),
      (denied, lost, .allowed, .wrong), (denied, lost, .denied, .asExpected),
      (denied, lost, lost, .inconclusive),
      (allowed, .denied, .allowed, .asExpected), (allowed, .denied, .denied, .wrong),
      (allowed, lost, .allowed, .asExpected),
    ] {
      #expect(
        ProbeResult(probe: probe, endpoint: endpoint, answer: first, second: second).verdict == verdict)
    }
    #expect(ProbeResult(probe: denied, endpoint: endpoint, answer: .denied).verdict == .asExpected)
  }
}

@Suite("Which nodes and identities are probed")
struct SelectionTests {
  /// Two components on each of 50 nodes, and three persons, two of them with the same role.
  private static func segmentation() throws -> Segmentation {
    var identities = ["alice", "bob", "carol"].map { user in
      Identity(user: user, purpose: .calicoctl(.readOnly), roles: [user == "carol" ? "editor" : "reader"])
    }
    var roles = [
      Role(name: "reader", grants: [Role.Line(Grant(.prefix("/calico/"), .read))]),
      Role(name: "editor", grants: [Role.Line(Grant(.prefix("/calico/"), .readwrite))]),
    ]
    for index in 1...50 {
      let node = try NodeName("node-\(index)")
      for component in ["calico-node", "cni-plugin"] {
        let name = "\(component).node-\(index)"
        identities.append(
          Identity(user: name, purpose: .component(component), roles: [name], place: .node(node)))
        roles.append(
          Role(name: name, grants: [Role.Line(Grant(.prefix(Key("/\(component)/\(index)/")), .readwrite))]))
      }
    }
    return Segmentation(cluster: "test", identities: identities, roles: roles)
  }

  @Test("a sample of the nodes, which follows from the seed")
  func sample() throws {
    let segmentation = try Self.segmentation()
    let plan = ProbePlan(for: segmentation, selection: .init(nodes: 3, seed: 7))
    let nodes = try #require(plan.sampledNodes)
    #expect(nodes.count == 3 && plan.nodeCount == 50)
    #expect(plan.identities.count == 3 + 2 * 3)
    #expect(
      plan.sampledNodes == ProbePlan(for: segmentation, selection: .init(nodes: 3, seed: 7)).sampledNodes)
    let samples = Set(
      (1...20).map { ProbePlan(for: segmentation, selection: .init(nodes: 3, seed: $0)).sampledNodes })
    #expect(samples.count > 10)
    // No identity is asked for the keys of other nodes than these.
    let asked = Set(plan.probes.compactMap(\.question.range).filter { "\($0)".hasPrefix("/calico-node/") })
    let prefixes = Set(asked.compactMap(\.prefix))
    #expect(prefixes == Set(nodes.map { Key("/calico-node/\($0.dropFirst("node-".count))/") }))
    #expect(ProbePlan(for: segmentation).identities.count == 103)
  }

  @Test("one node's identities in full, the others with their own ranges and those of the next node")
  func nodes() throws {
    let plan = ProbePlan(for: try Self.segmentation(), selection: .init(nodes: 20, seed: 7))
    #expect(plan.briefly.count == 1 + 2 * 19 && plan.otherNodes.isEmpty && plan.otherNodeCount == 30)
    for (identity, probes) in plan.identities where identity.node != nil {
      let prefixes = probes.compactMap { probe -> Key? in
        if case .write(let range) = probe.question, probe.reason == .granted { range.prefix } else { nil }
      }
      // Its own two components' ranges and the next node's; in full, those of all 20 nodes and of persons.
      let isFull = !plan.briefly.contains(identity.user)
      #expect(prefixes.count == (isFull ? 41 : 3), "\(identity.user) \(prefixes)")
      #expect(probes.filter { $0.reason == .neighbour }.count > 5)
      #expect(probes.contains { $0.isAllowed && $0.question == .write(.prefix(prefixes[0])) } || isFull)
    }
    // The number of probes grows with the nodes, and not with their square.
    func count(_ nodes: Int) throws -> Int {
      try ProbePlan(for: Self.segmentation(), selection: .init(nodes: nodes)).probes.count
    }
    let (ten, forty) = (try count(10), try count(40))
    #expect(forty < 5 * ten, "\(ten) \(forty)")
  }

  @Test("a plan that is too large is not completed")
  func most() throws {
    let segmentation = try Self.segmentation()
    let whole = ProbePlan(for: segmentation, members: 3)
    #expect(!whole.isTooLarge)
    let small = ProbePlan(
      for: segmentation, selection: .init(nodes: nil, isComplete: true, most: 30_000), members: 3)
    #expect(small.isTooLarge && small.probes.count < 20_000 && small.probes.count < whole.probes.count)
  }

  @Test("nodes without a certificate at hand are said")
  func available() throws {
    let users = ["alice", "calico-node.node-7", "cni-plugin.node-7", "calico-node.node-9"]
    let plan = ProbePlan(for: try Self.segmentation(), selection: .init(available: Set(users)))
    #expect(plan.sampledNodes == ["node-7", "node-9"] && plan.nodeCount == 50 && plan.nodesAtHand == 2)
    #expect(ProbePlan(for: try Self.segmentation()).sampledNodes == nil)
  }

  @Test("identities with the same roles are probed in full once")
  func equal() throws {
    let plan = ProbePlan(for: try Self.segmentation(), selection: .init(nodes: 2))
    // The node that comes first is probed in full.
    #expect(plan.briefly.first == "bob" && plan.briefly.count == 3)
    #expect(Set(plan.briefly.dropFirst().map { $0.split(separator: ".").last }).count == 1)
    func count(_ user: String) -> Int {
      plan.identities.first { $0.identity.user == user }?.probes.count ?? 0
    }
    #expect(count("bob") * 3 < count("alice") && count("bob") > 10)
  }

  @Test("only the users that were named, and ranges that are stored")
  func named() throws {
    let stored = KeyRange.prefix("/service/")
    let plan = ProbePlan(
      for: try Self.segmentation(), stored: [stored, .prefix("/calico/")],
      selection: .init(users: ["bob", "cni-plugin.node-9"]))
    #expect(plan.identities.map(\.identity.user) == ["bob", "cni-plugin.node-9"] && plan.briefly.isEmpty)
    // Of the other 49 nodes, the ranges of a sample are asked for.
    #expect(plan.otherNodes.count == 3 && plan.otherNodeCount == 49 && !plan.otherNodes.contains("node-9"))
    let asked = Set(
      plan.probes.compactMap(\.question.range?.prefix).filter { "\($0)".hasPrefix("/calico-node/") })
    #expect(asked.count == 4, "\(asked)")
    #expect(plan.probes.contains { $0.question == .write(stored) && !$0.isAllowed })
  }

  @Test("lines in the log are bounded, and known beforehand")
  func logLines() throws {
    let segmentation = try Self.segmentation()
    let whole = ProbePlan(for: segmentation, selection: .init(nodes: 2))
    #expect(whole.logLines(askedMembers: 3) > 300 && whole.leftOut == 0)
    let bounded = ProbePlan(for: segmentation, selection: .init(nodes: 2, logLines: 90), members: 3)
    #expect(bounded.logLines(askedMembers: 3) == 90)
    #expect(bounded.leftOut == whole.probes.count - bounded.probes.count)
    #expect(bounded.probes.filter(\.isAllowed).count == whole.probes.filter(\.isAllowed).count)
  }

}
