import Testing
import YAML

@Suite struct DocumentTests {
  private func document(_ text: String) throws -> Document {
    var reader = try DocumentReader(text)
    return try #require(try reader.next())
  }

  @Test func nodesHaveValuesTypesAndMarks() throws {
    let root = try document("a: 1\nb:\n  - yes\n  - 'yes'\n  - !!str 2\nc: {d: }\n").root
    #expect(root.mark == Mark(index: 0, line: 1, column: 1))
    #expect(root["a"]?.string == "1")
    #expect(root["a"]?.scalar?.tag == "tag:yaml.org,2002:int")
    #expect(root["a"]?.mark == Mark(index: 3, line: 1, column: 4))
    let items = try #require(root["b"]?.sequence)
    #expect(items.map { $0.scalar?.tag.dropFirst(18) } == ["bool", "str", "str"])
    let marked = try #require(document("[! 1, ! , !x 1]").root.sequence)
    #expect(
      marked.map { $0.scalar?.tag } == ["tag:yaml.org,2002:str", "tag:yaml.org,2002:str", "!x"])
    #expect(root["c"]?["d"]?.scalar?.tag == "tag:yaml.org,2002:null")
    #expect(root["c"]?.mapping?.pairs.count == 1)
    #expect(root["e"] == nil && root["a"]?["e"] == nil && root["b"]?.mapping == nil)
  }

  @Test func aByteOrderMarkBeginsNoScalar() throws {
    let root = try document("a: \u{feff}\nb: '\u{feff}c'\n").root
    #expect(root["a"]?.scalar?.tag == "tag:yaml.org,2002:null" && root["b"]?.string == "c")
  }

  @Test func aliasesAreWhatTheyStandFor() throws {
    let root = try document("a: &x [1, &y 2]\nb: *x\nc: *y\nd: &x 3\ne: *x\n").root
    #expect(root["a"] == root["b"])
    #expect(root["b"]?.mark == root["a"]?.mark)
    #expect(root["c"]?.string == "2" && root["e"]?.string == "3")
    // A merge key is a key like others.
    #expect(try document("a: &x {b: c}\nd: {<<: *x}\n").root["d"]?["<<"]?["b"]?.string == "c")
  }

  @Test func equalIsWhatMeansTheSame() throws {
    let items = try #require(
      document("[a, 'a', !!str a, 1, '1', 01, [a], ! ['a'], {a: b}, {a: c}, !x a, !x [a]]").root.sequence)
    #expect(items[0] == items[1] && items[1] == items[2])
    #expect(items[3] != items[4] && items[3] != items[5])
    #expect(items[6] == items[7] && items[8] != items[9] && items[0] != items[10] && items[6] != items[11])
    #expect(Set(items).count == 9)
  }

  @Test func repeatedKeysAreFound() throws {
    let document = try document("b: 1\na: {x: 1, y: 2, x: 3}\nb: 2\na: 3\nb: 4\n'1': 5\n1: 6\n")
    #expect(document.repeatedKeys.map(\.name) == ["x", "a", "b"])
    #expect(document.repeatedKeys.map { $0.marks.map(\.line) } == [[2, 2], [2, 4], [1, 3, 5]])
    #expect(document.repeatedKeys.map(\.mapping.line) == [2, 1, 1])
    #expect(document.root["b"]?.string == "4")
    #expect(try self.document("{[a]: 1, [a]: 2}").repeatedKeys.map(\.name) == ["<uncovertable>"])
    #expect(try self.document("{a: 1, b: 2}").repeatedKeys.isEmpty)
  }

  @Test func documentsComeOneByOne() throws {
    var reader = try DocumentReader("a: &x 1\n---\n- b\n...\n# end\n")
    #expect(try reader.next()?.root["a"]?.string == "1")
    #expect(try reader.next()?.root.sequence?.first?.string == "b")
    #expect(try reader.next() == nil)
    #expect(try reader.next() == nil)
    var other = try DocumentReader("&x a\n--- *x\n")
    #expect(try other.next()?.root.string == "a")
    let error = #expect(throws: YAMLError.self) { try other.next() }
    #expect(error?.kind == .composer && error?.problem == "found undefined alias")
    #expect(error?.mark == Mark(index: 9, line: 2, column: 5))
    #expect(try other.next() == nil)
    var empty = try DocumentReader("")
    #expect(try empty.next() == nil)
  }
}
