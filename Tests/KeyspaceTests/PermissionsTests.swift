import Testing

@testable import Keyspace

/// etcd's rules for one user (etcd, `server/auth/range_perm_cache.go`).
@Suite struct PermissionsTests {
  @Test func readAndWriteAreCheckedSeparately() {
    let permissions = Permissions([
      Grant(.prefix("/r/"), .read), Grant(.prefix("/w/"), .write), Grant(.key("/rw"), .readwrite),
    ])
    #expect(permissions.allow(.read, "/r/1") && !permissions.allow(.write, "/r/1"))
    #expect(!permissions.allow(.read, "/w/1") && permissions.allow(.write, "/w/1"))
    #expect(permissions.allow(.readwrite, "/rw"))
    #expect(!permissions.allow(.readwrite, "/r/1") && !permissions.allow(.readwrite, "/w/1"))
  }

  @Test func adjacentGrantsAllowARangeAcrossBoth() {
    let permissions = Permissions([
      Grant(.key("a"), .readwrite), Grant(KeyRange(from: Key("a").next, to: "b"), .read),
      Grant(KeyRange(from: "b", to: "c"), .readwrite),
    ])
    #expect(permissions.allow(.read, KeyRange(from: "a", to: "c")))
    #expect(!permissions.allow(.write, KeyRange(from: "a", to: "c")))
  }

  @Test func onlyAGrantWithoutAnEndAllowsARequestWithoutAnEnd() {
    #expect(!Permissions([Grant(.prefix("/a/"), .read)]).allow(.read, KeyRange(from: "/a/", to: nil)))
    #expect(
      Permissions([Grant(KeyRange(from: "/", to: nil), .read)]).allow(.read, KeyRange(from: "/a/", to: nil)))
    #expect(Permissions.root.allow(.readwrite, .everything))
  }

  @Test func anEmptyRequestIsCheckedByItsFirstKey() {
    let permissions = Permissions([Grant(.prefix("/a/"), .readwrite)])
    #expect(permissions.allow(.readwrite, KeyRange(from: "/a/z", to: "/a/b")))
    #expect(!permissions.allow(.read, KeyRange(from: "/b", to: "/a/")))
    #expect(!Permissions([]).allow(.read, KeyRange(from: "b", to: "a")))
  }

  @Test(arguments: [[], [0], [0x62]] as [[UInt8]]) func aGrantWithAnEmptyKeyAllowsNothing(rangeEnd: [UInt8]) {
    let range = KeyRange(key: [], rangeEnd: rangeEnd)
    #expect(range.isEmpty)
    let permissions = Permissions([Grant(range, .readwrite)])
    #expect(permissions.readable.isEmpty && permissions.writable.isEmpty)
    #expect(!permissions.allow(.read, Key([0])) && !permissions.allow(.read, "a"))
  }

  @Test func includeComparesReadAndWrite() {
    let wide = Permissions([Grant(.prefix("/a/"), .readwrite)])
    let narrow = Permissions([Grant(.prefix("/a/b/"), .read), Grant(.key("/a/c"), .write)])
    #expect(wide.include(narrow) && !narrow.include(wide))
    #expect(wide.include(Permissions([])))
    #expect(!Permissions([Grant(.prefix("/a/"), .read)]).include(narrow))
  }

  @Test func aLargeSetIsSearchedInLogarithmicTime() {
    let set = KeyRangeSet((0..<20_000).map { KeyRange.prefix(Key("/n\($0)/")) })
    #expect(set.ranges.count == 20_000)
    #expect(set.contains("/n19999/x") && !set.contains("/n20000/x") && !set.contains("/n1"))
    #expect(set.contains(.prefix("/n7/")) && !set.contains(.prefix("/n7")))
    #expect(set.intersection(set) == set && set.subtracting(set).isEmpty)
  }

  @Test func accessWordsAreThoseOfEtcdctl() {
    #expect([Access.read, .write, .readwrite].map(\.description) == ["read", "write", "readwrite"])
    #expect(Access("readwrite") == .readwrite && Access("rw") == nil && Access("none") == nil)
    #expect("\(Grant(.prefix("/a/"), .read))" == "read /a/*")
  }
}
