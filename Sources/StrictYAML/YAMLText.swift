import YAML

/// The one document of a YAML text, with what the parser has against it.
package struct YAMLText {
  /// Nil if the text cannot be read at all; ``faults`` says why.
  package private(set) var root: Node?
  package private(set) var faults: [Fault] = []
  /// Keys that stand again further down in their mapping, by where they stand.
  private(set) var repeatedKeys: [Position: String] = [:]

  /// How many characters each line has.
  private let lines: [Int]

  package struct Position: Hashable, Sendable {
    /// Both count from 1.
    package let line: Int
    package let column: Int
  }

  /// - Parameters:
  ///   - emptyHint: What to do about a file without a document.
  ///   - secondHint: What to do about a file with several.
  package init(_ text: String, emptyHint: String? = nil, secondHint: String = "a file holds one document") {
    // libyaml takes a byte order mark for part of the first line's indentation.
    let text = text.unicodeScalars.first == "\u{feff}" ? String(text.unicodeScalars.dropFirst()) : text
    lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map(\.count)
    do throws(YAMLError) {
      var reader = try DocumentReader(text)
      guard let document = try reader.next() else {
        note(1, 1, "the file is empty", emptyHint)
        return
      }
      guard takeRepeatedKeys(of: document, in: text) else { return }
      root = document.root
      guard let second = try reader.next() else { return }
      if let key = second.repeatedKeys.first {
        noteRepeated(key.name, at: key.marks[0])
      } else {
        note(
          second.root.mark.line, second.root.mark.column, "the file holds a second document", secondHint)
      }
    } catch {
      note(error, in: text)
    }
  }

  /// The fault, moved to the end of the text if the parser has it behind that.
  package func inside(_ fault: Fault) -> Fault {
    guard fault.line > lines.count else { return fault }
    return Fault(line: lines.count, column: (lines.last ?? 0) + 1, message: fault.message, hint: fault.hint)
  }

  private mutating func note(_ line: Int, _ column: Int, _ message: String, _ hint: String? = nil) {
    faults.append(Fault(line: line, column: column, message: message, hint: hint))
  }

  private mutating func noteRepeated(_ name: String, at mark: Mark) {
    note(mark.line, mark.column, "the key \(quoted(name)) stands twice in one mapping")
  }

  private mutating func note(_ error: YAMLError, in text: String) {
    switch error.kind {
    case .scanner, .parser, .composer:
      note(
        error.mark.line, error.mark.column, "this is no YAML: \(error.problem)",
        Self.hint(for: error.problem))
    case .reader:
      let before = text.utf8.prefix(error.byteOffset ?? 0)
      let line = before.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).last ?? before
      note(
        before.count { $0 == UInt8(ascii: "\n") } + 1,
        String(decoding: line, as: UTF8.self).unicodeScalars.count + 1,
        "this is no YAML: \(error.problem)", "write the character as an escape in double quotes")
    case .limit: note(error.mark.line, error.mark.column, "the file cannot be read: \(error.problem)")
    case .memory: note(1, 1, "the file cannot be read: \(error.problem)")
    }
  }

  private static func hint(for problem: String) -> String? {
    if problem.contains("tab character") { return "indent with blanks" }
    return problem.contains("cannot start any token")
      ? "indent with blanks, and put a value like this in quotes" : nil
  }

  /// Every place of a repeated key but the last, so that all of them can be told with the other faults.
  /// - Returns: false where a key is none that people write by mistake, or there are too many; then that is the fault.
  private mutating func takeRepeatedKeys(of document: Document, in text: String) -> Bool {
    guard !document.repeatedKeys.isEmpty else { return true }
    let scalars = Array(text.unicodeScalars)
    for key in document.repeatedKeys {
      for mark in key.marks.dropLast() {
        guard repeatedKeys.count < 100, Self.isWord(at: mark.index, in: scalars) else {
          noteRepeated(key.name, at: mark)
          return false
        }
        repeatedKeys[Position(line: mark.line, column: mark.column)] = key.name
      }
    }
    return true
  }

  /// Whether a key begins plainly or in quotes, without an anchor, tag, alias or bracket.
  private static func isWord(at index: Int, in scalars: [Unicode.Scalar]) -> Bool {
    var rest = scalars.dropFirst(index)
    if rest.first == "'" || rest.first == "\"" { rest = rest.dropFirst() }
    guard let first = rest.first else { return false }
    return !"&!*?|>[]{}'\":".unicodeScalars.contains(first)
  }
}
