import Foundation
import TestSupport

/// A session on the command line: commands, and exactly what they print.
///
///     # A remark.
///     $ bulkhead can alice get /a
///     no: alice read /a
///     [exit 2]
///
/// Commands run in `/bin/sh`, one after the other, in a folder that is empty at first. Standard output and standard
/// error are one text. In what is expected, `…` stands for any text within a line, and a line of only `…` for any
/// lines. `BULKHEAD_TRANSCRIPTS=record make test TESTFLAGS="--filter TranscriptTests"` writes what is printed into the
/// files.
struct Transcript {
  struct Step {
    let command: String
    /// Lines of the file before the command.
    var remarks: [String]
    var expected: [String]
  }

  let path: String
  private(set) var steps: [Step] = []
  private var end: [String] = []

  static let folder = "\(Program.root)/Tests/CommandLineTests/Transcripts"

  static var all: [String] {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return files.filter { $0.hasSuffix(".txt") }.sorted()
  }

  init(_ name: String) throws {
    path = "\(Self.folder)/\(name)"
    var remarks: [String] = []
    for line in try String(contentsOfFile: path, encoding: .utf8).split(
      separator: "\n", omittingEmptySubsequences: false
    ).map(String.init) {
      if line.hasPrefix("$ ") {
        steps.append(Step(command: String(line.dropFirst(2)), remarks: remarks, expected: []))
        remarks = []
      } else if line.hasPrefix("#") || steps.isEmpty || !remarks.isEmpty {
        remarks.append(line)
      } else {
        steps[steps.count - 1].expected.append(line)
      }
    }
    end = remarks
    for index in steps.indices {
      // Empty lines before the next remark or command belong to the layout of the file.
      while steps[index].expected.last?.isEmpty == true { steps[index].expected.removeLast() }
    }
  }

  /// Runs a command of the transcript.
  /// - Returns: The lines that it prints, and its exit code if that is not 0.
  static func run(_ command: String, in folder: String) throws -> [String] {
    let bin = URL(fileURLWithPath: Program.path).deletingLastPathComponent().path
    let outcome = try Program.run(
      "/bin/sh", ["-c", "exec 2>&1; \(command)"], in: folder,
      environment: [
        "PATH": "\(bin):/usr/bin:/bin", "NO_COLOR": "1",
        "EXAMPLE": "\(Program.root)/Sources/bulkhead/Example",
      ])
    var lines = outcome.out.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    while lines.last?.isEmpty == true { lines.removeLast() }
    return outcome.code == 0 ? lines : lines + ["[exit \(outcome.code)]"]
  }

  /// Whether the lines are those that are expected.
  static func matches(_ lines: ArraySlice<String>, _ expected: ArraySlice<String>) -> Bool {
    guard let first = expected.first else { return lines.isEmpty }
    if first == "…" {
      return (lines.startIndex...lines.endIndex).contains { matches(lines[$0...], expected.dropFirst()) }
    }
    guard let line = lines.first, matches(line, first) else { return false }
    return matches(lines.dropFirst(), expected.dropFirst())
  }

  private static func matches(_ line: String, _ expected: String) -> Bool {
    let parts = expected.components(separatedBy: "…")
    guard parts.count > 1, let first = parts.first, let last = parts.last else { return line == expected }
    guard line.hasPrefix(first), line.hasSuffix(last), line.count >= first.count + last.count else {
      return false
    }
    var rest = line.dropFirst(first.count).dropLast(last.count)
    for part in parts.dropFirst().dropLast() {
      guard let range = rest.range(of: part) else { return false }
      rest = rest[range.upperBound...]
    }
    return true
  }

  /// Writes the file with what was printed.
  func record(_ printed: [[String]]) throws {
    var lines: [String] = []
    for (step, output) in zip(steps, printed) {
      if !lines.isEmpty { lines.append("") }
      while lines.last?.isEmpty == true, lines.dropLast().last?.isEmpty == true { lines.removeLast() }
      lines += step.remarks.filter { !$0.isEmpty } + ["$ \(step.command)"] + output
    }
    try (lines + end.filter { !$0.isEmpty }).joined(separator: "\n").appending("\n").write(
      toFile: path, atomically: true, encoding: .utf8)
  }
}
