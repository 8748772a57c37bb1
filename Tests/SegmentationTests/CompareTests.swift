import Keyspace
import TestSupport
import Testing

@testable import Segmentation

@Suite struct CompareTests {
  static func cluster(_ users: [String: [String]], _ roles: [String: [Grant]]) -> Segmentation {
    Segmentation(cluster: "c", users: users, roles: roles)
  }

  @Test func theSameAccessThroughOtherRangesIsNoDifference() {
    let whole = Self.cluster(["u": ["r"]], ["r": [Grant(KeyRange(from: "a", to: "c"), .readwrite)]])
    let parts = Self.cluster(
      ["u": ["p", "q", "none"]],
      [
        "p": [Grant(KeyRange(from: "a", to: "b"), .readwrite), Grant(.key("b"), .read)],
        "q": [Grant(KeyRange(from: "b", to: "c"), .write), Grant(KeyRange(from: "b", to: "c"), .read)],
      ])
    #expect(whole.compared(to: parts).identities.isEmpty)
    #expect(parts.compared(to: whole).identities.isEmpty)
  }

  @Test func gainsAndLossesAreReportedAsRangesWithAnExample() throws {
    let documented = try segmentation(ResolveTests.demo, roles: "documented")
    let corrected = try segmentation(ResolveTests.demo)
    let comparison = documented.compared(to: corrected)
    let node = try #require(comparison.identities.first { $0.user == "calico-node" })
    let gained = node.gained.map { "\($0.grant) \($0.witness) \($0.names)" }
    #expect(gained.contains("write \(v3)tiers/default \(v3)tiers/default [\"Tiers default\"]"))
    let lost = node.lost.map { "\($0.grant) \($0.names)" }
    #expect(lost.contains("write \(v3)workloadendpoints/* [\"WorkloadEndpoints\"]"))
    #expect(comparison.gainsAnything && comparison.losesAnything)
    let before = documented.permissions(of: try #require(documented[identity: "calico-node"]))
    let after = corrected.permissions(of: try #require(corrected[identity: "calico-node"]))
    for change in node.gained {
      #expect(
        !before.allow(change.grant.access, change.witness)
          && after.allow(change.grant.access, change.grant.range))
    }
    for change in node.lost {
      #expect(
        before.allow(change.grant.access, change.grant.range)
          && !after.allow(change.grant.access, change.witness))
    }
    #expect(!comparison.identities.contains { $0.user == "admin" || $0.user == "alice" })
  }

  @Test func inTheOtherDirectionGainsAreLosses() throws {
    let a = try segmentation(ResolveTests.demo, roles: "documented")
    let b = try segmentation(ResolveTests.demo)
    let (there, back) = (a.compared(to: b), b.compared(to: a))
    #expect(there.identities.map(\.gained) == back.identities.map(\.lost))
    #expect(there.identities.map(\.lost) == back.identities.map(\.gained))
  }

  @Test func aNewUserGainsAllItsAccessAndADeletedOneLosesIt() {
    let before = Self.cluster(["old": ["r"]], ["r": [Grant(.key("k"), .read)]])
    let after = Self.cluster(["new": ["r"], "idle": []], ["r": [Grant(.key("k"), .read)]])
    let comparison = before.compared(to: after)
    #expect(comparison.identities.map(\.user) == ["idle", "new", "old"])
    #expect(comparison.identities.map(\.presence) == [.onlyAfter, .onlyAfter, .onlyBefore])
    #expect(comparison.identities.map(\.gainsAnything) == [false, true, false])
    #expect(comparison.identities.map(\.losesAnything) == [false, false, true])
    #expect(comparison.identities[1].gained.map(\.grant) == [Grant(.key("k"), .read)])
  }

  @Test func newReadAndWriteAccessIsOneLine() {
    let before = Self.cluster(["u": ["r"]], ["r": [Grant(.prefix("/a/"), .read)]])
    let after = Self.cluster(
      ["u": ["r"]], ["r": [Grant(.prefix("/a/"), .readwrite), Grant(.prefix("/b/"), .readwrite)]])
    #expect(
      before.compared(to: after).identities.first?.gained.map { "\($0.grant)" } == [
        "write /a/*", "readwrite /b/*",
      ])
  }

  /// Key by key, over all keys of a small alphabet.
  @Test(arguments: 0..<40) func everyReportedKeyIsReallyGainedOrLost(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let keys = ["a", "aa", "ab", "b", "ba", "bb", "c"].map { Key($0) }
    func cluster() -> Segmentation {
      let grants = (0..<Int.random(in: 0...4, using: &random)).map { _ in
        let lower = keys.randomElement(using: &random) ?? "a"
        let range = [
          .key(lower), .prefix(lower), KeyRange(from: lower, to: nil),
          KeyRange(from: lower, to: keys.randomElement(using: &random)),
        ].randomElement(using: &random)
        return Grant(
          range ?? .key(lower), [.read, .write, .readwrite].randomElement(using: &random) ?? .read)
      }
      return Self.cluster(["u": ["r"]], ["r": grants])
    }
    let (before, after) = (cluster(), cluster())
    let identity = before.compared(to: after).identities.first
    let user = try #require(before[identity: "u"])
    let (was, may) = (before.permissions(of: user), after.permissions(of: user))
    for key in keys {
      for access in [Access.read, .write] {
        func isIn(_ changes: [IdentityComparison.Change]?) -> Bool {
          (changes ?? []).contains { $0.grant.access.contains(access) && $0.grant.range.contains(key) }
        }
        #expect(isIn(identity?.gained) == (!was.allow(access, key) && may.allow(access, key)))
        #expect(isIn(identity?.lost) == (was.allow(access, key) && !may.allow(access, key)))
      }
    }
  }

  @Test func theRoleRootIsMoreThanEveryKey() throws {
    let keys = Self.cluster(["u": ["r"]], ["r": [Grant(.everything, .readwrite)]])
    let root = Self.cluster(["u": ["root"]], [:])
    let identity = try #require(keys.compared(to: root).identities.first)
    #expect(identity.gainsRoot && identity.gainsAnything && identity.gained.isEmpty)
    #expect(try #require(root.compared(to: keys).identities.first).losesRoot)
  }

  @Test func aNarrowerFileGainsNothing() throws {
    let wide = try segmentation("components: [calico-node]")
    let narrow = try segmentation("components: [calico-node]", features: "seeded")
    #expect(!wide.compared(to: narrow).gainsAnything)
    #expect(narrow.compared(to: wide).gainsAnything)
  }

  @Test func usersAndRolesOfAClusterAreSortedByName() {
    let cluster = Self.cluster(
      ["b": ["y", "x"], "root": ["root"], "a": []], ["y": [], "root": [], "x": []])
    #expect(cluster.identities.map(\.user) == ["root", "a", "b"])
    #expect(cluster.identities.map(\.purpose) == [.administrator, .observed, .observed])
    #expect(cluster.identities.last?.roles == ["x", "y"])
    #expect(cluster.roles.map(\.name) == ["x", "y"])
    #expect(cluster.deliveries.isEmpty)
  }
}
