import TestSupport
import Testing

@testable import Keyspace

@Suite struct KeyRangeSetTests {
  @Test func adjacentRangesAreMerged() {
    let set = KeyRangeSet([KeyRange(from: "b", to: "c"), KeyRange(from: "a", to: "b")])
    #expect(set.ranges == [KeyRange(from: "a", to: "c")])
    #expect(set.contains(KeyRange(from: "a", to: "c")))
    // A single key and what follows it: "a" ends at "a\0".
    let joined = KeyRangeSet([.key("a"), KeyRange(from: Key("a").next, to: "b")])
    #expect(joined.ranges == [KeyRange(from: "a", to: "b")])
  }

  @Test func aGapOfOneKeyIsAGap() {
    let set = KeyRangeSet([KeyRange(from: "a", to: "b"), KeyRange(from: Key("b").next, to: "c")])
    #expect(set.ranges.count == 2)
    #expect(!set.contains("b"))
    #expect(!set.contains(KeyRange(from: "a", to: "c")))
  }

  /// Compared with a set of keys over a small alphabet, in which all keys can be tried.
  @Test(arguments: 0..<200) func operationsAgreeWithPlainSets(seed: Int) {
    var random = SeededGenerator(seed: seed)
    let universe = Self.universe
    func set() -> KeyRangeSet {
      KeyRangeSet(
        (0..<Int.random(in: 0...4, using: &random)).map { _ in
          let lower = universe.randomElement(using: &random) ?? "a"
          return switch Int.random(in: 0..<4, using: &random) {
          case 0: KeyRange.key(lower)
          case 1: KeyRange(from: lower, to: nil)
          case 2: KeyRange.prefix(lower)
          default: KeyRange(from: lower, to: universe.randomElement(using: &random))
          }
        })
    }
    let (a, b) = (set(), set())
    for key in universe {
      #expect(a.union(b).contains(key) == (a.contains(key) || b.contains(key)))
      #expect(a.intersection(b).contains(key) == (a.contains(key) && b.contains(key)))
      #expect(a.subtracting(b).contains(key) == (a.contains(key) && !b.contains(key)))
      #expect(a.complement.contains(key) == !a.contains(key))
    }
    #expect(a.complement.complement == a)
    #expect(a.union(b) == b.union(a))
    #expect(a.subtracting(b).union(a.intersection(b)) == a)
  }

  /// All keys of one to three bytes over bytes that matter.
  static let universe: [Key] = {
    let bytes: [UInt8] = [0, 0x61, 0x62, 0xff]
    let one = bytes.map { [$0] }
    let two = one.flatMap { prefix in bytes.map { prefix + [$0] } }
    let three = two.flatMap { prefix in bytes.map { prefix + [$0] } }
    return (one + two + three).map { Key($0) }
  }()
}
