import Testing

@testable import YAML

@Suite struct EventTests {
  private func events(_ text: String) throws -> [Event] {
    let parser = try EventParser(text.utf8)
    var events: [Event] = []
    while let event = try parser.next() { events.append(event) }
    #expect(try parser.next() == nil)
    return events
  }

  /// The events of one document without stream and document.
  private func inside(_ text: String) throws -> [Event] { Array(try events(text).dropFirst(2).dropLast(2)) }

  private func scalars(_ text: String) throws -> [Event.Scalar] {
    try events(text).compactMap { if case .scalar(let scalar) = $0.content { scalar } else { nil } }
  }

  @Test func aDocumentIsAStreamOfEvents() throws {
    let contents = try events("a: [1, &x b]\nc: *x\n").map(\.content)
    #expect(contents.count == 13)
    #expect(contents.first == .streamStart && contents.last == .streamEnd)
    #expect(contents[1] == .documentStart(isExplicit: false, hasDirectives: false))
    #expect(contents[2] == .mappingStart(.init(isFlow: false, anchor: nil, tag: nil)))
    #expect(contents[4] == .sequenceStart(.init(isFlow: true, anchor: nil, tag: nil)))
    #expect(contents[9] == .alias("x"))
    #expect(Array(contents[10...11]) == [.mappingEnd, .documentEnd])
  }

  @Test func marksCountCharacters() throws {
    // An owl is one character of four bytes, a CRLF two.
    let events = try inside("- 🦉\r\n- \"é\"\r\n")
    #expect(events.map(\.start) == [mark(0, 1, 1), mark(2, 1, 3), mark(7, 2, 3), mark(12, 3, 1)])
    #expect(events[1].end == mark(3, 1, 4))
    #expect(events[2].end == mark(10, 2, 6))
  }

  private func mark(_ index: Int, _ line: Int, _ column: Int) -> Mark {
    Mark(index: index, line: line, column: column)
  }

  @Test func aScalarHasAStyleAnAnchorAndATag() throws {
    let text =
      "- plain\n- 'single'\n- \"dou\\tble\"\n- |\n  lit\n- >-\n  fol\n  ded\n- &a !!int 3\n- ! 4\n- !x y\n"
    let found = try scalars(text)
    #expect(
      found.map(\.style) == [.plain, .singleQuoted, .doubleQuoted, .literal, .folded] + [
        .plain, .plain, .plain,
      ])
    #expect(found.map(\.text) == ["plain", "single", "dou\tble", "lit\n", "fol ded", "3", "4", "y"])
    #expect(found.map(\.anchor) == [nil, nil, nil, nil, nil, "a", nil, nil])
    #expect(found.map(\.tag) == [nil, nil, nil, nil, nil, "tag:yaml.org,2002:int", "!", "!x"])
    #expect(found.map(\.isTypedByText) == [true, false, false, false, false, false, true, false])
  }

  @Test func commentsAreNoEvents() throws {
    #expect(try events("# one\na: b # two\n# three\n").map(\.content) == events("a: b").map(\.content))
  }

  @Test func documentsSayHowTheyBegin() throws {
    let starts = try events("%YAML 1.1\n---\na\n...\n---\nb\n--- c\n").compactMap {
      if case .documentStart(let isExplicit, let hasDirectives) = $0.content {
        [isExplicit, hasDirectives]
      } else {
        nil
      }
    }
    #expect(starts == [[true, true], [true, false], [true, false]])
    #expect(try events("").map(\.content) == [.streamStart, .streamEnd])
    #expect(try events("# nothing\n").map(\.content) == [.streamStart, .streamEnd])
  }

  @Test func aScalarMayHoldNUL() throws {
    #expect(try scalars("\"a\\0b\"").first?.text == "a\0b")
  }
}
