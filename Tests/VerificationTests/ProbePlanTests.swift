import Keyspace
import Segmentation
import Testing

@testable import Verification

@Suite("Which probes are sent")
struct ProbePlanTests {
  private let probes = ProbePlan.probes(for: .sample)

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
      #expect(asked.contains(.administer))
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
        case .administer: false
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
}
