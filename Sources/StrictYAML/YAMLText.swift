import Yams

/// The one document of a YAML text, with what the parser has against it.
package struct YAMLText {
  /// Nil if the text cannot be read at all; ``faults`` says why.
  package private(set) var root: Node?
  package private(set) var faults: [Fault] = []
  /// Keys that stand again further down in their mapping, by where they stand. In ``root`` they have another name.
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
    // libyaml takes a byte order mark for part of the first line's indentation. Yams holds on to the bytes of the text it was given, which a short string does not keep in one place.
    var text = text.unicodeScalars.first == "\u{feff}" ? String(text.unicodeScalars.dropFirst()) : text
    lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map(\.count)
    if text.utf8.count < 16 { text += String(repeating: "\n", count: 16) }
    while true {
      do {
        let parser = try Yams.Parser(yaml: text)
        root = try parser.nextRoot()
        if root == nil { note(1, 1, "the file is empty", emptyHint) }
        if let second = try parser.nextRoot() {
          note(
            second.mark?.line ?? 1, second.mark?.column ?? 1, "the file holds a second document",
            secondHint)
        }
        return
      } catch YamlError.duplicatedKeysInMapping(let names, let context) where root == nil {
        let position = Position(line: context.mark.line, column: context.mark.column)
        let name = names.first ?? ""
        // The parser stops at the first repetition. So that all faults can be told at once, the key gets another name
        // of the same length, and the text is read again.
        guard let renamed = Self.rename(position, in: text, number: repeatedKeys.count) else {
          note(position.line, position.column, "the key \(quoted(name)) stands twice in one mapping")
          return
        }
        repeatedKeys[position] = name
        text = renamed
      } catch {
        note(error, in: text)
        return
      }
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

  private mutating func note(_ error: any Error, in text: String) {
    switch error as? YamlError {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      note(mark.line, mark.column, "this is no YAML: \(problem)", Self.hint(for: problem))
    case .reader(let problem, let offset, _, _):
      let before = text.utf8.prefix(offset ?? 0)
      let line = before.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).last ?? before
      note(
        before.count { $0 == UInt8(ascii: "\n") } + 1,
        String(decoding: line, as: UTF8.self).unicodeScalars.count + 1,
        "this is no YAML: \(problem)", "write the character as an escape in double quotes")
    case .duplicatedKeysInMapping(let names, let context):
      note(
        context.mark.line, context.mark.column,
        "the key \(quoted(names.first ?? "")) stands twice in one mapping")
    default: note(1, 1, "this is no YAML: \(error)")
    }
  }

  private static func hint(for problem: String) -> String? {
    if problem.contains("tab character") { return "indent with blanks" }
    return problem.contains("cannot start any token")
      ? "indent with blanks, and put a value like this in quotes" : nil
  }

  /// Puts a character that no key of ours has in place of the first one of the key at a position.
  /// - Returns: nil if the key does not begin plainly or in quotes, or there are too many.
  private static func rename(_ position: Position, in text: String, number: Int) -> String? {
    guard number < 100, let mark = Unicode.Scalar(0xe000 + UInt32(number)) else { return nil }
    var scalars = Array(text.unicodeScalars)
    guard var index = Self.index(of: position, in: scalars), scalars.indices.contains(index) else {
      return nil
    }
    if scalars[index] == "'" || scalars[index] == "\"" { index += 1 }
    guard scalars.indices.contains(index), !"&!*?|>[]{}'\"".unicodeScalars.contains(scalars[index]) else {
      return nil
    }
    scalars[index] = mark
    var result = String.UnicodeScalarView()
    result.append(contentsOf: scalars)
    return String(result)
  }

  /// Lines as libyaml counts them: by `\n`, `\r`, `\r\n`, U+0085, U+2028 and U+2029 (`src/yaml_private.h`, `IS_BREAK`).
  private static func index(of position: Position, in scalars: [Unicode.Scalar]) -> Int? {
    var (line, column) = (1, 1)
    for (index, scalar) in scalars.enumerated() {
      if line == position.line, column == position.column { return index }
      let isFirstOfTwo = scalar == "\r" && index + 1 < scalars.count && scalars[index + 1] == "\n"
      if "\n\r\u{85}\u{2028}\u{2029}".unicodeScalars.contains(scalar), !isFirstOfTwo {
        (line, column) = (line + 1, 1)
      } else {
        column += 1
      }
    }
    return nil
  }
}
