import Text
import YAML

/// The only document of a YAML text, and the parser's faults.
package struct YAMLText {
  /// Nil if the text cannot be parsed; ``faults`` says why.
  package private(set) var root: Node?
  package private(set) var faults: [Fault] = []
  /// Keys that occur again later in their mapping, by position.
  private(set) var repeatedKeys: [Position: String] = [:]

  /// The number of characters of each line.
  private let lines: [Int]

  package struct Position: Hashable, Sendable {
    /// Both count from 1.
    package let line: Int
    package let column: Int
  }

  /// - Parameters:
  ///   - emptyHint: The hint for a file without a document.
  ///   - secondHint: The hint for a file with several documents.
  package init(_ text: String, emptyHint: String? = nil, secondHint: String = "a file holds one document") {
    // libyaml counts a byte order mark as part of the first line's indentation.
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

  /// The fault, moved to the end of the text if the parser reports a position after it.
  package func inside(_ fault: Fault) -> Fault {
    guard fault.line > lines.count else { return fault }
    return Fault(line: lines.count, column: (lines.last ?? 0) + 1, message: fault.message, hint: fault.hint)
  }

  private mutating func note(_ line: Int, _ column: Int, _ message: String, _ hint: String? = nil) {
    faults.append(Fault(line: line, column: column, message: message, hint: hint))
  }

  private mutating func noteRepeated(_ name: String, at mark: Mark) {
    note(mark.line, mark.column, "the key \(quoted(name)) appears twice in one mapping")
  }

  private mutating func note(_ error: YAMLError, in text: String) {
    switch error.kind {
    case .scanner, .parser, .composer:
      note(
        error.mark.line, error.mark.column, "this is not valid YAML: \(error.problem)",
        Self.hint(for: error.problem))
    case .reader:
      let before = text.utf8.prefix(error.byteOffset ?? 0)
      let line = before.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).last ?? before
      note(
        before.count { $0 == UInt8(ascii: "\n") } + 1,
        String(decoding: line, as: UTF8.self).unicodeScalars.count + 1,
        "this is not valid YAML: \(error.problem)", "write the character as an escape in double quotes")
    case .limit: note(error.mark.line, error.mark.column, "the file cannot be read: \(error.problem)")
    case .memory: note(1, 1, "the file cannot be read: \(error.problem)")
    }
  }

  private static func hint(for problem: String) -> String? {
    if problem.contains("tab character") { return "indent with spaces" }
    return problem.contains("cannot start any token")
      ? "indent with spaces, and put a value like this in quotes" : nil
  }

  /// Stores each position of a repeated key except the last, so that they are reported together with the
  /// other faults.
  /// - Returns: false if a repeated key is not a plain or quoted word, or if there are too many. That is then
  ///   recorded as the only fault.
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

  /// Whether a key starts plain or in quotes, without an anchor, tag, alias or bracket.
  private static func isWord(at index: Int, in scalars: [Unicode.Scalar]) -> Bool {
    var rest = scalars.dropFirst(index)
    if rest.first == "'" || rest.first == "\"" { rest = rest.dropFirst() }
    guard let first = rest.first else { return false }
    return !"&!*?|>[]{}'\":".unicodeScalars.contains(first)
  }
}
