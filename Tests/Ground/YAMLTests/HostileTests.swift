import TestSupport
import Testing
import YAML

/// Texts that nobody wrote to be read.
@Suite struct HostileTests {
  private func error(_ text: String) -> YAMLError? {
    #expect(throws: YAMLError.self) {
      var reader = try DocumentReader(text)
      while try reader.next() != nil {}
    }
  }

  private func isRead(_ text: String) throws -> Bool {
    var reader = try DocumentReader(text)
    return try reader.next() != nil
  }

  @Test(arguments: [
    ("a: \"b", "found unexpected end of stream", 1, 6), ("a: 'b\nc", "found unexpected end of stream", 2, 2),
    ("a:\n\tb: c", "found character that cannot start any token", 2, 1),
    ("a: b: c", "mapping values are not allowed in this context", 1, 5),
    ("[a, b", "did not find expected ',' or ']'", 2, 1), ("a: }", "did not find expected node content", 1, 4),
    ("a\nb: c", "mapping values are not allowed in this context", 2, 2),
    ("a: *b", "found undefined alias", 1, 4), ("a: &b *b", "did not find expected key", 1, 7),
    ("\"\\q\"", "found unknown escape character", 1, 2),
    ("%YAML 3.0\n--- a", "found incompatible YAML document", 1, 1),
    ("- a\nb: c", "did not find expected '-' indicator", 2, 1), ("!<", "did not find expected tag URI", 1, 3),
  ])
  func aSlipIsSaidInLibyamlsWordsWithItsPlace(text: String, problem: String, line: Int, column: Int) {
    let error = error(text)
    #expect(error?.problem == problem, "\(text)")
    #expect(
      error?.mark.line == line && error?.mark.column == column, "\(text) \(String(describing: error?.mark))")
  }

  @Test(
    arguments: [
      ([0x61, 0xff, 0x62], "invalid leading UTF-8 octet", 1),
      ([0x61, 0xc3], "incomplete UTF-8 octet sequence", 1),
      ([0xc0, 0x80], "invalid length of a UTF-8 sequence", 0),
      ([0xed, 0xa0, 0x80], "invalid Unicode character", 0),
      ([0x61, 0x00], "control characters are not allowed", 1),
      ([0x07], "control characters are not allowed", 0),
      // UTF-16 with its mark, as some editors write it.
      ([0xff, 0xfe, 0x61, 0x00], "invalid leading UTF-8 octet", 0),
    ] as [([UInt8], String, Int)])
  func bytesThatAreNoTextAreRefused(bytes: [UInt8], problem: String, offset: Int) {
    let error = #expect(throws: YAMLError.self) {
      let parser = try EventParser(bytes)
      while try parser.next() != nil {}
    }
    #expect(error?.kind == .reader && error?.problem == problem, "\(String(describing: error))")
    #expect(error?.byteOffset == offset)
  }

  @Test func nothingComesAfterAnError() throws {
    let parser = try EventParser("a: }".utf8)
    #expect(throws: YAMLError.self) { while try parser.next() != nil {} }
    #expect(try parser.next() == nil)
  }

  @Test func depthIsBounded() throws {
    for (open, close) in [("[", "]"), ("{a: ", "}"), ("- ", ""), ("? ", "")] as [(String, String)] {
      let deepest = String(repeating: open, count: 1_000) + "a" + String(repeating: close, count: 1_000)
      // Each key of these holds all that are deeper.
      if open != "? " { #expect(try isRead(deepest), "\(open)") }
      let error = error(String(repeating: open, count: 50_000))
      #expect(error?.kind == .limit, "\(open) \(String(describing: error))")
      #expect(error?.problem == "it is nested more than 1000 levels deep")
    }
  }

  @Test func depthBehindAliasesIsBounded() {
    let text = (1...2_000).map { "- &a\($0) [*a\($0 - 1)]\n" }.joined()
    #expect(error("- &a0 x\n" + text)?.kind == .limit)
    var limits = YAMLLimits()
    (limits.depth, limits.aliasedNodes) = (100, .max)
    let error = #expect(throws: YAMLError.self) {
      var reader = try DocumentReader("- &a0 x\n" + text, limits: limits)
      _ = try reader.next()
    }
    #expect(error?.problem == "it is nested more than 100 levels deep")
  }

  @Test func aliasBombsAsValuesAndAsKeysAreRefused() {
    let values = (1...40).map { "a\($0): &a\($0) [*a\($0 - 1), *a\($0 - 1)]\n" }.joined()
    let value = error("a0: &a0 [x]\n" + values)
    #expect(value?.problem == "its aliases stand for more than 100000 values")
    #expect(value?.mark.line ?? 0 > 10)
    let keys = (1...40).map { "k\($0): &a\($0) {? *a\($0 - 1) : *a\($0 - 1)}\n" }.joined()
    #expect(error("k0: &a0 {x: y}\n" + keys)?.kind == .limit)
    let wide =
      "a: &a [" + String(repeating: "x,", count: 1_000) + "]\nb: [" + String(repeating: "*a ,", count: 1_000)
    #expect(error(wide + "]\n")?.kind == .limit)
  }

  @Test func keysThatAreLargeCollectionsAreRefused() {
    let list = "[" + String(repeating: "x,", count: 1_000) + "]"
    #expect(
      error(String(repeating: "{? ", count: 900) + list + String(repeating: " : a}", count: 900))?.kind
        == .limit
    )
  }

  @Test func sizeIsBounded() throws {
    var limits = YAMLLimits()
    limits.bytes = 10
    #expect(throws: Never.self) { try EventParser("0123456789".utf8, limits: limits) }
    let error = #expect(throws: YAMLError.self) { try EventParser("0123456789x".utf8, limits: limits) }
    #expect(error?.problem == "it has more than 10 bytes")
  }

  /// libyaml compares each directive with all others of its document.
  @Test(arguments: ["\n", "\r\n", "\r", "\u{85}", "\u{2028}"])
  func directivesAreBounded(end: String) throws {
    func text(_ count: Int) -> String {
      (0..<count).map { "%TAG !a\($0)! tag:example.org,2026:\(end)" }.joined() + "--- a\(end)"
    }
    #expect(try isRead(text(100)))
    #expect(error(text(101))?.problem == "it has more than 100 directives %TAG")
    #expect(error(text(300_000))?.kind == .limit)
    // Text that only looks like them.
    #expect(try isRead("a: |\n" + String(repeating: " %TAG x\n", count: 1_000)))
  }

  @Test func largeScalarsAreRead() throws {
    var reader = try DocumentReader("a: \"" + String(repeating: "x", count: 5_000_000) + "\"")
    #expect(try reader.next()?.root["a"]?.string?.utf8.count == 5_000_000)
    // A simple key has 1,024 characters at most.
    #expect(error(String(repeating: "k", count: 2_000) + ": v")?.kind == .scanner)
  }

  @Test func thousandsOfMutationsAreReadOrRefused() throws {
    let good = Array(
      "# c\na: &x [1, 'b', \"c\\n\", {d: e}]\nf: |\n  lit\n  eral\n? [g]\n: *x\n--- !t >-\n fold\n...\n".utf8)
    let noise = Array("\t\n\r :-?[]{}&*!|>'\"%@`#,\\\0\u{feff}é".utf8)
    var generator = SeededGenerator(seed: 7)
    var read = 0
    for _ in 0..<20_000 {
      var bytes = good
      for _ in 0...Int.random(in: 0...4, using: &generator) {
        let index = Int.random(in: 0..<bytes.count, using: &generator)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: bytes[index] = UInt8.random(in: 0...255, using: &generator)
        case 1: bytes.insert(noise.randomElement(using: &generator) ?? 0, at: index)
        case 2: bytes.remove(at: index)
        default: bytes.replaceSubrange(index..<min(index + 9, bytes.count), with: bytes.prefix(5))
        }
      }
      do throws(YAMLError) {
        let parser = try EventParser(bytes)
        while let event = try parser.next() { #expect(event.start.index <= event.end.index) }
        var reader = try DocumentReader(String(decoding: bytes, as: UTF8.self))
        while try reader.next() != nil {}
        read += 1
      } catch {
        #expect(!error.problem.isEmpty)
      }
    }
    #expect(read > 1_000)
  }
}
