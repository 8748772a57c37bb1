import Testing

@testable import StrictYAML

@Suite struct WordTests {
  @Test(arguments: [
    ("90d", 7_776_000, "90d"), ("12h", 43_200, "12h"), ("48h", 172_800, "2d"), ("30m", 1_800, "30m"),
    ("4w", 2_419_200, "28d"), ("1y", 31_536_000, "365d"), ("100y", 3_153_600_000, "36500d"),
    ("090d", 7_776_000, "90d"),
  ]) func aLifetimeIsANumberAndAUnit(text: String, seconds: Int, description: String) throws {
    let lifetime = try #require(Lifetime(text))
    #expect(lifetime.seconds == seconds)
    #expect(lifetime.description == description)
    #expect(Lifetime(description) == lifetime)
  }

  @Test(arguments: [
    "", "d", "90", "0d", "-1d", "+90d", "90 d", "9.5d", "90s", "90D", "101y", "99999999999999999999d",
    "9223372036854775807y",
    "٩٠d", "90dd",
  ]) func refusesInvalidLifetimes(text: String) {
    #expect(Lifetime(text) == nil)
  }

  @Test func theNearestWordHasTheFewestEdits() {
    let words = ["calico-node", "cni-plugin", "kube-controllers", "typha", "felix"]
    #expect(NearestWord.of("calico-nod", among: words) == "calico-node")
    #expect(NearestWord.of("claico-node", among: words) == "calico-node")
    #expect(NearestWord.of("Felix", among: words) == "felix")
    #expect(NearestWord.of("tpyha", among: words) == "typha")
    #expect(NearestWord.of("etcd", among: words) == nil)
    #expect(NearestWord.of("", among: words) == nil)
    #expect(NearestWord.of("a", among: []) == nil)
    #expect(NearestWord.of(String(repeating: "a", count: 100_000), among: words) == nil)
    #expect(NearestWord.hint(for: "x", among: ["a", "bcd"]) == "known here: a, bcd")
  }
}
