import Keyspace
import Testing

@testable import Segmentation

@Suite struct CanTests {
  static let live = Segmentation(
    cluster: "c", users: ["root": ["root"], "u": ["one", "two"], "nobody": [], "lost": ["gone"]],
    roles: [
      "one": [
        Grant(KeyRange(from: "a", to: "b"), .read), Grant(.prefix("/w/"), .write),
        Grant(.key("/rw"), .readwrite),
      ],
      "two": [
        Grant(KeyRange(from: "b", to: "c"), .readwrite), Grant(KeyRange(from: "a", to: "aa"), .readwrite),
      ],
    ])

  func ask(_ user: String, _ access: Access, _ range: KeyRange) throws -> AccessAnswer {
    try Self.live.can(user, access, range)
  }

  func lines(_ answer: AccessAnswer) -> [String] {
    if case .granted(let lines) = answer.verdict { lines.map(\.description) } else { [] }
  }

  func miss(_ user: String, _ access: Access, _ range: KeyRange) throws -> AccessAnswer.Miss {
    guard case .refused(let miss) = try ask(user, access, range).verdict else { throw Unexpected() }
    return miss
  }
  struct Unexpected: Error {}

  @Test func anAllowedAnswerNamesTheFewestLinesThatCoverTheRange() throws {
    #expect(lines(try ask("u", .read, .key("/rw"))) == ["readwrite /rw (role one)"])
    // Neither role alone covers it; the line within the first one is not needed.
    #expect(
      lines(try ask("u", .read, KeyRange(from: "a", to: "c"))) == [
        "read a* (role one)", "readwrite b* (role two)",
      ])
    #expect(
      lines(try ask("u", .readwrite, .key("a"))) == ["read a* (role one)", "readwrite [a, aa) (role two)"])
  }

  @Test func rootMayDoEverything() throws {
    let answer = try ask("root", .readwrite, .everything)
    #expect(answer.verdict == .root)
    #expect(answer.isAllowed)
  }

  @Test func aRefusalNamesTheMissingAccess() throws {
    let miss = try miss("u", .read, .key("/w/1"))
    #expect(miss.lacking == .read)
    #expect(miss.firstKey == "/w/1")
    #expect(miss.nearest?.description == "write /w/* (role one)")
    #expect(miss.by == "it covers the keys, but allows to write and not to read")
    #expect(try self.miss("u", .readwrite, .key("/w/1")).lacking == .read)
  }

  @Test func aRefusalNamesTheFirstKeyThatIsNotCovered() throws {
    let miss = try miss("u", .read, KeyRange(from: "b", to: "d"))
    #expect(miss.lacking == .read)
    #expect(miss.uncovered.ranges == [KeyRange(from: "c", to: "d")])
    #expect(miss.firstKey == "c")
    #expect(miss.nearest?.description == "readwrite b* (role two)")
    #expect(miss.by == "it covers some of the keys, but not c")
    #expect(
      try self.miss("u", .write, KeyRange(from: "a", to: "b")).by
        == "it covers the keys, but allows to read and not to write")
  }

  @Test func aRefusalOfBothAccessesNamesTheMissingOne() throws {
    #expect(
      try miss("u", .readwrite, KeyRange(from: "/w/", to: "/x")).by
        == "it covers some of the keys, but does not allow to read")
  }

  @Test func aRefusalWithoutAMatchingGrantNamesTheNearestOne() throws {
    let after = try miss("u", .read, .key("/rw0"))
    #expect(after.nearest?.description == "readwrite /rw (role one)")
    #expect(after.by == "it ends before /rw\\x00, which is not after /rw0")
    #expect(try miss("u", .read, .key("/r")).by == "it begins at /rw, after /r")
    for user in ["nobody", "lost"] {
      let none = try miss(user, .readwrite, .key(Key("\(v3)tiers/default")))
      #expect(none.nearest == nil && none.by == nil)
      #expect(none.lacking == .readwrite)
      #expect(none.names == ["Tiers default"])
    }
  }

  @Test func aPrefixIsRefusedWhereOnlyAKeyOfItIsGranted() throws {
    let segmentation = try segmentation()
    let answer = try segmentation.can("calico-node", .write, .prefix(Key("\(v3)tiers/")))
    #expect(!answer.isAllowed)
    #expect(try segmentation.can("calico-node", .readwrite, .key(Key("\(v3)tiers/default"))).isAllowed)
    #expect(try segmentation.can("calico-node", .readwrite, .key("/calico/ipam/v2/config")).isAllowed)
  }

  @Test func anUnknownIdentityIsAnErrorWithTheNearestName() throws {
    let segmentation = try segmentation()
    let error = try #require(throws: UnknownIdentity.self) {
      try segmentation.can("calico-nod", .read, .key("a"))
    }
    #expect(error.message == "unknown identity 'calico-nod'")
    #expect(error.hint == "did you mean 'calico-node'?")
    #expect(
      throws: UnknownIdentity(user: "x", hint: "known here: root, calico-node, cni-plugin, kube-controllers")
    ) { try segmentation.can("x", .read, .key("a")) }
  }

  /// Compared with the permissions themselves, over every range of a small alphabet.
  @Test func theVerdictAgreesWithThePermissions() throws {
    let keys = ["a", "aa", "ab", "b", "ba", "c", "/w/", "/w/1", "/rw", "/rw0"].map { Key($0) }
    let permissions = Self.live.permissions(of: try #require(Self.live[identity: "u"]))
    var allowed = 0
    for lower in keys {
      for range in keys.map({ KeyRange(from: lower, to: $0) }) + [
        .key(lower), .prefix(lower), KeyRange(from: lower, to: nil),
      ] {
        for access in [Access.read, .write, .readwrite] {
          let answer = try ask("u", access, range)
          #expect(answer.isAllowed == permissions.allow(access, range))
          if case .granted(let lines) = answer.verdict {
            allowed += 1
            #expect(Permissions(lines.map(\.line.grant)).allow(access, range), "\(access) \(range)")
          } else if case .refused(let miss) = answer.verdict {
            #expect(!permissions.allow(miss.lacking, miss.firstKey))
          }
          #expect(Self.live.whoCan(access, range).contains { $0.identity.user == "u" } == answer.isAllowed)
        }
      }
    }
    #expect(allowed > 50)
  }

  @Test func whoCanNamesEveryoneWithTheLinesAndRoot() throws {
    let segmentation = try segmentation(ResolveTests.demo)
    let writers = segmentation.whoCan(.write, .key(Key("\(v3)tiers/default")))
    #expect(
      writers.map(\.identity.user) == [
        "root", "calico-node", "kube-controllers", "admin", "kube-apiserver-etcd-client",
      ])
    #expect(
      writers.map { $0.lines.map(\.description) }[1] == ["readwrite \(v3)tiers/default (role calico-node)"])
    #expect(writers.first?.lines == [])
    #expect(
      segmentation.whoCan(.read, .prefix("/registry/secrets/")).map(\.identity.user) == [
        "root", "kube-apiserver-etcd-client",
      ])
  }
}
