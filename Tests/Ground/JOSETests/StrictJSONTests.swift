import JOSE
import Testing

@Suite struct StrictJSONTests {
  @Test func readsEveryKindOfValue() throws {
    let text = #" {"a": [1, -0.5e+3, true, false, null], "é\u00e9\ud83d\ude00\n\"": {"": ""}} "#
    #expect(
      try StrictJSON(text.utf8)
        == .object([
          "a": .array([.number("1"), .number("-0.5e+3"), .bool(true), .bool(false), .null]),
          "éé😀\n\"": .object(["": .string("")]),
        ]))
  }

  @Test(arguments: [
    "", " ", "{", "[", "\"", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "[1,]", "[,1]", "01", "+1", "1.", ".5",
    "1e", "-",
    "tru", "nul", "NaN", "'a'", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\ud800\"", "\"\\ud800\\u0041\"",
    "\"\\udc00\"", "\"\n\"", "\"\u{1}\"", "{\"a\":1 \"b\":2}", "[1 2]", "{1:2}", "1 1", "{\"a\":1,\"a\":1}",
    "{\"a\":1,\"\\u0061\":2}", "/* */ 1",
  ])
  func refusesWhatIsNotWellFormed(text: String) {
    #expect(throws: JOSEError.self) { try StrictJSON(text.utf8) }
  }

  @Test func refusesOtherThanUTF8AndTooManyLevels() throws {
    #expect(throws: JOSEError.self) { try StrictJSON([0x22, 0xff, 0x22]) }
    #expect(throws: JOSEError.self) { try StrictJSON([0x22, 0xed, 0xa0, 0x80, 0x22]) }
    #expect(throws: JOSEError.self) { try StrictJSON([0x22, 0xc0, 0x80, 0x22]) }
    #expect(throws: JOSEError.self) { try StrictJSON(String(repeating: "[", count: 100_000).utf8) }
    let deep = String(repeating: "[", count: 15) + String(repeating: "]", count: 15)
    #expect(throws: Never.self) { try StrictJSON(deep.utf8) }
  }

  @Test func base64URLGoesBothWaysAndOneWayOnly() {
    for count in 0..<70 {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 251 &+ count) }
      let text = Base64URL.encode(bytes)
      #expect(Base64URL.decode(text.utf8) == bytes)
    }
    // RFC 4648, section 10, without padding.
    #expect(
      ["", "f", "fo", "foo", "foob", "fooba", "foobar"].map { Base64URL.encode($0.utf8) }
        == ["", "Zg", "Zm8", "Zm9v", "Zm9vYg", "Zm9vYmE", "Zm9vYmFy"])
    for text in ["A", "AAAAA", "Zh", "Zm9", "Zg==", "Z g", "Z\n", "+/+/", "é"] {
      #expect(Base64URL.decode(text.utf8) == nil, "\(text)")
    }
  }
}
