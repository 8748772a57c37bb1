/// One side of a comparison: its lines, and those that must not be shown.
struct DiffSide {
  let lines: [String]
  let hidden: Set<Int>
  let endsWithNewline: Bool

  /// - Parameter hidden: The numbers, from 1, of lines that contain secrets.
  init(_ text: String, hidden: Set<Int>) {
    var lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
    endsWithNewline = lines.last?.isEmpty == true
    if endsWithNewline { lines.removeLast() }
    self.lines = lines
    self.hidden = hidden
  }

  /// A line as the diff shows it, its ending included.
  func shown(_ index: Int) -> String {
    let line = lines[index]
    let isUnended = index == lines.count - 1 && !endsWithNewline
    return (hidden.contains(index + 1) ? Self.redacted(line) : line)
      + (isUnended ? "\n\\ No newline at end of file\n" : "\n")
  }

  /// Keeps the key and hides the value.
  private static func redacted(_ line: String) -> String {
    if let match = line.prefixMatch(of: #/ *["']?[-._a-zA-Z0-9]+["']?:/#) { return match.0 + " (not shown)" }
    return line.prefix { $0 == " " } + "(not shown)"
  }
}

/// The difference of two texts in the unified format.
struct UnifiedDiff {
  private static let context = 3

  private enum Step {
    case same(old: Int, new: Int)
    case removed(Int)
    case added(Int)

    var isChange: Bool { if case .same = self { false } else { true } }
  }

  let old: DiffSide
  let new: DiffSide
  let name: String

  var text: String {
    let steps = steps
    let changes = steps.indices.filter { steps[$0].isChange }
    guard let first = changes.first else { return "" }
    var hunks: [Range<Int>] = []
    var hunk = max(0, first - Self.context)..<first
    for index in changes {
      if index - hunk.upperBound > Self.context {
        hunks.append(hunk)
        hunk = max(0, index - Self.context)..<index
      }
      hunk = hunk.lowerBound..<min(steps.count, index + 1 + Self.context)
    }
    hunks.append(hunk)
    return "--- a/\(name)\n+++ b/\(name)\n" + hunks.map { render(steps, $0) }.joined()
  }

  private var steps: [Step] {
    // A last line without a newline differs from the same line with one.
    let oldLines = old.lines.indices.map { key(old, $0) }
    let newLines = new.lines.indices.map { key(new, $0) }
    var removed: Set<Int> = []
    var added: Set<Int> = []
    for change in newLines.difference(from: oldLines) {
      switch change {
      case .remove(let offset, _, _): removed.insert(offset)
      case .insert(let offset, _, _): added.insert(offset)
      }
    }
    var steps: [Step] = []
    var oldIndex = 0
    var newIndex = 0
    while oldIndex < oldLines.count || newIndex < newLines.count {
      if removed.contains(oldIndex) {
        steps.append(.removed(oldIndex))
        oldIndex += 1
      } else if added.contains(newIndex) {
        steps.append(.added(newIndex))
        newIndex += 1
      } else {
        steps.append(.same(old: oldIndex, new: newIndex))
        oldIndex += 1
        newIndex += 1
      }
    }
    return steps
  }

  private func key(_ side: DiffSide, _ index: Int) -> String {
    side.lines[index] + (index == side.lines.count - 1 && !side.endsWithNewline ? "" : "\n")
  }

  private func render(_ steps: [Step], _ hunk: Range<Int>) -> String {
    var body = ""
    var oldCount = 0
    var newCount = 0
    for step in steps[hunk] {
      switch step {
      case .same(let index, _):
        body += " " + old.shown(index)
        oldCount += 1
        newCount += 1
      case .removed(let index):
        body += "-" + old.shown(index)
        oldCount += 1
      case .added(let index):
        body += "+" + new.shown(index)
        newCount += 1
      }
    }
    let before = steps[..<hunk.lowerBound]
    let oldStart = before.count { if case .added = $0 { false } else { true } }
    let newStart = before.count { if case .removed = $0 { false } else { true } }
    return "@@ -\(range(oldStart, oldCount)) +\(range(newStart, newCount)) @@\n" + body
  }

  /// In an empty range, the number of the line before it.
  private func range(_ start: Int, _ count: Int) -> String { "\(count == 0 ? start : start + 1),\(count)" }
}

extension ManifestReader {
  /// The lines that contain the contents of a Secret, or a copy of them in its annotations, and comments in
  /// the Secret that look like contents: people comment out what they replace.
  var secretLines: Set<Int> {
    var lines: Set<Int> = []
    for object in objects where object.kind == "Secret" {
      let values = [object.root["data"], object.root["stringData"], object.root["metadata"]?["annotations"]]
      for entry in values.compactMap(\.self).flatMap({ $0.entries ?? [] }) {
        // A block scalar ends at the start of the next line.
        let last = max(entry.key.range.lowerBound, entry.value.range.upperBound - 1)
        lines.formUnion(source.line(at: entry.key.range.lowerBound)...source.line(at: last))
      }
      let document = documents[object.document].range
      for line in source.line(
        at: document.lowerBound)...source.line(at: max(document.lowerBound, document.upperBound - 1))
      where source.holdsKeyInComment(line) {
        lines.insert(line)
      }
    }
    return lines
  }
}

extension SourceText {
  /// Whether a comment contains a run of base64 or a PEM delimiter. Words are shorter, paths have neither
  /// capitals nor digits, URLs contain "://".
  fileprivate func holdsKeyInComment(_ number: Int) -> Bool {
    let line = string(line: number)
    guard let comment = line.firstIndex(of: "#").map({ line[$0...] }) else { return false }
    if comment.contains("-----") { return true }
    return !comment.contains("://")
      && comment.matches(of: #/[A-Za-z0-9+\/=]{20,}/#).contains { $0.output.contains(#/[A-Z0-9]/#) }
  }
}
