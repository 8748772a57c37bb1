import Foundation
import TestSupport
import Testing

/// Documentation/reference says what the program says, and links between the pages lead somewhere.
@Suite struct ReferenceTests {
  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/python3"), "no python3"))
  func thePagesAreThoseOfThisProgram() throws {
    let folder = try TemporaryFolder()
    let made = try Program.run(
      "/usr/bin/python3", ["\(Program.root)/tools/reference", Program.path, folder.path], in: Program.root)
    #expect(made.code == 0, "\(made.all)")
    for page in ["verbs.md", "rules.md", "exit-codes.md", "metrics.md", "keys.md"] {
      let now = try String(contentsOfFile: "\(folder.path)/\(page)", encoding: .utf8)
      let kept = try String(
        contentsOfFile: "\(Program.root)/Documentation/reference/\(page)", encoding: .utf8)
      let difference = now.split(separator: "\n").difference(from: kept.split(separator: "\n"))
      #expect(difference.isEmpty, "run make docs: Documentation/reference/\(page) \(difference)")
    }
  }

  static let pages: [String] =
    ((try? FileManager.default.subpathsOfDirectory(atPath: "\(Program.root)/Documentation")) ?? [])
    .filter { $0.hasSuffix(".md") }.sorted().map { "Documentation/\($0)" } + ["README.md", "CONTRIBUTING.md"]

  /// Each link to a file of the repository, and to a heading in it, leads somewhere.
  @Test(arguments: pages) func linksLeadSomewhere(_ page: String) throws {
    let text = try String(contentsOfFile: "\(Program.root)/\(page)", encoding: .utf8)
    let folder = URL(fileURLWithPath: "\(Program.root)/\(page)").deletingLastPathComponent()
    for link in text.matches(of: /\]\(([^)\s]+)\)/).map({ String($0.1) }) where !link.contains("://") {
      let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      let target = parts[0].isEmpty ? "\(Program.root)/\(page)" : folder.appendingPathComponent(parts[0]).path
      #expect(FileManager.default.fileExists(atPath: target), "\(page): \(link)")
      guard parts.count == 2, target.hasSuffix(".md"),
        let other = try? String(contentsOfFile: target, encoding: .utf8)
      else { continue }
      let anchors = other.matches(of: /(?m)^#+ (.*)$/).map { Self.anchor(String($0.1)) }
      #expect(anchors.contains(parts[1]), "\(page): \(link)")
    }
  }

  /// As GitHub makes it of a heading.
  private static func anchor(_ heading: String) -> String {
    heading.lowercased().filter { $0.isLetter || $0.isNumber || $0 == " " || $0 == "-" || $0 == "_" }
      .replacing(" ", with: "-")
  }

  /// The index leads to each page.
  @Test func theIndexListsEachPage() throws {
    let index = try String(contentsOfFile: "\(Program.root)/Documentation/README.md", encoding: .utf8)
    for page in Self.pages where page.hasPrefix("Documentation/") && page != "Documentation/README.md" {
      #expect(index.contains(String(page.dropFirst("Documentation/".count))), "the index lacks \(page)")
    }
  }
}
