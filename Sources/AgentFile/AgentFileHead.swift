import YAML

/// The part of `agent.yaml` that the user writes for `bundle` and `manifest`: the content of the section `source`, or a
/// file with the keys `source`, `lifetime`, `renewal` and `listen`. Comments stay; empty lines are left out.
package struct AgentFileHead: Hashable, Sendable {
  /// A line of `agent.yaml`, and the number of the user's line from which it comes; nil for one that was added.
  package struct Line: Hashable, Sendable {
    package let text: String
    package let number: Int?
  }

  package let lines: [Line]
  /// The number of spaces before each line of the user.
  package let indentation: Int

  /// The keys that a whole file may have; Bulkhead writes the others.
  package static let keys: [AgentFile.Key] = [.source, .lifetime, .renewal, .listen]

  /// - Parameter left: Keys of a whole file that are left out.
  package init(_ text: String, without left: [AgentFile.Key] = []) {
    let isWhole = Self.hasSource(text)
    indentation = isWhole ? 0 : 2
    // A file that was one of an agent has the first two as well.
    let skipped = ([.apiVersion, .kind] + left).map { "\($0):" }
    var lines = isWhole ? [] : [Line(text: "\(AgentFile.Key.source):", number: nil)]
    var isSkipped = false
    for (offset, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    where line.contains(where: { !$0.isWhitespace }) {
      if isWhole, let first = line.first, first != " ", first != "#" {
        isSkipped = line.hasPrefix("---") || skipped.contains { line.hasPrefix($0) }
      }
      if !isSkipped { lines.append(Line(text: (isWhole ? "" : "  ") + line, number: offset + 1)) }
    }
    self.lines = lines
  }

  /// Whether the text is a mapping with the key `source`.
  private static func hasSource(_ text: String) -> Bool {
    guard var reader = try? DocumentReader(text), let root = try? reader.next()?.root else { return false }
    return root[AgentFile.Key.source.rawValue] != nil
  }
}
