import Testing

@testable import Keyspace

@Suite struct KeyRangeTests {
  @Test func aPrefixEndsAtItsLastBytePlusOne() {
    #expect(KeyRange.prefix("/calico/") == KeyRange(from: "/calico/", to: "/calico0"))
    #expect(KeyRange.prefix(Key([0x61, 0xff])) == KeyRange(from: Key([0x61, 0xff]), to: "b"))
    #expect(KeyRange.prefix(Key([0xff, 0xff])).upper == nil)
    #expect(KeyRange.prefix("") == .everything)
  }

  @Test func theThreeFormsOfEtcdAreReadAndWritten() {
    for (key, end, text) in [
      ("k", [], "k"), ("k", [0], "[k, ∞)"), ("/a/", Array("/a0".utf8), "/a/*"),
      ("a", Array("c".utf8), "[a, c)"),
      // A star is a character like others: these differ from the prefixes `/a/` and `/a/*`.
      ("/a/*", [], #"/a/\x2a"#), ("/a/*", Array("/a/+".utf8), #"/a/\x2a*"#),
      ("/a/*", Array("/b".utf8), #"[/a/\x2a, /b)"#),
    ] as [(String, [UInt8], String)] {
      let range = KeyRange(key: Array(key.utf8), rangeEnd: end)
      #expect(range.lower == Key(key))
      #expect(range.rangeEnd == end)
      #expect(range.description == text)
    }
    #expect(KeyRange.everything.rangeEnd == [0])
  }

  @Test func aRangeThatEndsAtOrBeforeItsStartIsEmpty() {
    for end in ["a", "b"] {
      let range = KeyRange(key: Array("b".utf8), rangeEnd: Array(end.utf8))
      #expect(range.isEmpty)
      #expect(!range.contains("b"))
      #expect(!range.contains("a"))
    }
  }

  @Test func theKeyRightAfterAnotherIsOutsideItsSingleRange() {
    let one = KeyRange.key("k")
    #expect(one.contains("k"))
    #expect(!one.contains(Key(Array("k".utf8) + [0])))
    #expect(one.singleKey == "k")
    #expect(KeyRange.prefix("/nodes/n1").contains("/nodes/n10"))
    #expect(!KeyRange.key("/nodes/n1").contains("/nodes/n10"))
  }

  /// A key that ends with an asterisk and a prefix are told apart.
  @Test func noTwoRangesHaveTheSameText() {
    let ranges: [KeyRange] = [
      .key("/calico/zz*"), .prefix("/calico/zz"), .prefix("/calico/zz*"), .key("/calico/zz**"), .prefix("*"),
      .key("*"), .everything, KeyRange(from: "/a*", to: "/c*"), .key("[/a, /c)"),
      KeyRange(from: "/a", to: "/c"),
    ]
    #expect(Set(ranges.map(\.description)).count == ranges.count)
    #expect(ranges[0].description == #"/calico/zz\x2a"# && ranges[1].description == "/calico/zz*")
  }

  @Test func keyDescriptionsCanBeParsed() throws {
    let key = Key([0x2f, 0x61, 0x00, 0xff, 0x5c, 0x20])
    #expect(key.description == #"/a\x00\xff\x5c\x20"#)
    #expect(Key(escaped: key.description) == key)
    #expect(Key(escaped: #"\x0"#) == nil)
    #expect(Key(escaped: #"\q00"#) == nil)
  }
}
