import Testing
import Text

@Suite struct TextTests {
  @Test func hexadecimal() {
    #expect([UInt8]().hexadecimal == "")
    #expect((0...255).map { UInt8($0) }.hexadecimal.hasPrefix("000102030405060708090a0b0c0d0e0f10"))
    #expect([0xde, 0xad, 0x0f].hexadecimal == "dead0f")
    #expect([UInt8](hexadecimal: "deAD0f") == [0xde, 0xad, 0x0f])
    #expect([UInt8](hexadecimal: "") == [])
    for text in ["0", "0g", "0x", "+1", " 1", "١٢"] { #expect([UInt8](hexadecimal: text) == nil) }
  }

  @Test func everyByteSurvivesPercentEncoding() {
    for byte in UInt8.min ... .max {
      let text = String(decoding: [byte & 0x7f, byte], as: UTF8.self)
      let encoded = PercentEncoding.encode(text) { PercentEncoding.isUnreserved($1) }
      #expect(encoded.utf8.allSatisfy { PercentEncoding.isUnreserved($0) || $0 == UInt8(ascii: "%") })
      #expect(PercentEncoding.decode(encoded.utf8) == text)
    }
    #expect(PercentEncoding.encode("a%b", keeping: { _, _ in true }) == "a%25b", "or it could not be decoded")
    #expect(PercentEncoding.encode("ü", keeping: { _, _ in true }) == "%C3%BC")
    #expect(PercentEncoding.decode("50% of %4".utf8) == "50% of %4")
  }

  @Test(
    "a % without two digits is shown as it came",
    arguments: [
      ("", ""), ("plain", "plain"), ("a%20b", "a b"), ("%e2%82%AC", "€"), ("%", "%"), ("%2", "%2"),
      ("%2g", "%2g"),
      ("%%20", "% "), ("50%", "50%"),
    ])
  func decoding(encoded: String, decoded: String) { #expect(PercentEncoding.decode(encoded.utf8) == decoded) }

  @Test(arguments: [
    ("plain/._-:@=+", "plain/._-:@=+"), ("", "''"), ("a b", "'a b'"), ("it's", #"'it'\''s'"#), ("$x", "'$x'"),
    ("ü", #"$'\xc3\xbc'"#), ("a\nb", #"$'a\x0ab'"#), ("ü'", #"$'\xc3\xbc\''"#),
  ])
  func aWordForBash(text: String, word: String) { #expect(ShellWord.bash(Array(text.utf8)) == word) }

  @Test func aWordForAnyShell() {
    #expect(ShellWord.posix("it's ü $x") == #"'it'\''s ü $x'"#)
    #expect(ShellWord.posix("") == "''")
  }

  @Test func invisibleCharacters() {
    let invisible: [Unicode.Scalar] = [
      "\u{0}", "\u{1b}", "\u{200b}", "\u{202e}", "\u{2028}", "\u{e000}", "\u{378}",
    ]
    for scalar in invisible { #expect(scalar.isInvisible) }
    let visible: [Unicode.Scalar] = [" ", "a", "ü", "\u{a0}", "🚧"]
    for scalar in visible { #expect(!scalar.isInvisible) }
  }

  @Test func untrustedTextIsOnOneLine() {
    #expect(quoted("plain") == "'plain'")
    #expect(quoted("a\u{1b}[2Jb\nc\u{202e}d") == #"'a\u{1b}[2Jb\u{a}c\u{202e}d'"#)
    #expect(visible("a\u{1b}[2J\nb") == #"a\u{1b}[2J\u{a}b"# && visible("plain") == "plain")
    #expect(quoted(String(repeating: "x", count: 200)).count == 83)
  }

  @Test(arguments: [
    ("kitten", "sitting", 3), ("", "abc", 3), ("abc", "", 3), ("same", "same", 0), ("--Full", "--full", 1),
    ("ab", "ba", 1),
  ])
  func editsBetweenWords(_ one: String, _ other: String, _ distance: Int) {
    #expect(one.edits(to: other) == distance)
  }
}

/// Encoders for places where a text could be something else.
@Suite struct EncoderTests {
  @Test func `a terminal gets no escape sequence of others, and keeps Bulkhead's own colours`() {
    let own = "\u{1b}[1;31mred\u{1b}[0m\tx\n"
    #expect(TerminalText.safe(own) == own)
    for (text, safe) in [
      ("\u{1b}[2Jx", #"\u{1b}[2Jx"#), ("\u{1b}]0;title\u{7}", #"\u{1b}]0;title\u{7}"#),
      ("\u{1b}[8mhidden", #"\u{1b}[8mhidden"#), ("\u{9b}2J", #"\u{9b}2J"#), ("a\u{202e}b", #"a\u{202e}b"#),
      ("a\rb", #"a\u{d}b"#), ("\u{1b}", #"\u{1b}"#), ("\u{1b}[1", #"\u{1b}[1"#),
      ("\u{1b}[1;31;8mx", #"\u{1b}[1;31;8mx"#), ("a\u{3164}", #"a\u{3164}"#), ("grün", "grün"),
    ] { #expect(TerminalText.safe(text) == safe) }
  }

  @Test func `JSON stays JSON`() {
    #expect(
      TerminalText.safe(json: "{\n\t\"a\": \"\u{9b}\u{202e}\u{e0001}\"}")
        == "{\n\t\"a\": \"\\u009b\\u202e\\udb40\\udc01\"}")
  }

  @Test(arguments: [
    ("/usr/bin/x", "/usr/bin/x", "/usr/bin/x"), ("a%b", "a%%b", "a%%b"), ("a b", "\"a b\"", "\"a b\""),
    ("$HOME", "\"$HOME\"", "\"$$HOME\""), ("a\nb", #""a\x0ab""#, #""a\x0ab""#),
    ("a\"b\\", #""a\"b\\""#, #""a\"b\\""#), ("", "\"\"", "\"\""),
  ])
  func `a word of a unit has no specifier and no variable`(text: String, list: String, command: String) {
    #expect(UnitWord.encode(text, isCommand: false) == list)
    #expect(UnitWord.encode(text, isCommand: true) == command)
  }

  @Test(arguments: ["\u{3164}", "\u{fe0f}", "\u{2800}", "\u{115f}", "\u{34f}", "\u{e0100}", "\u{ad}"])
  func `what is drawn as nothing is invisible`(text: String) {
    #expect(text.unicodeScalars.allSatisfy { $0.isInvisible })
  }
}
