import Foundation
import TestSupport
import Testing

/// Each place that names the release names the same one.
@Suite struct VersionTests {
  private func text(_ path: String) throws -> String {
    try String(contentsOfFile: "\(Program.root)/\(path)", encoding: .utf8)
  }

  /// The version that the program prints.
  private func version() throws -> String {
    let folder = try TemporaryFolder()
    let outcome = try Program.bulkhead("--version", in: folder.path)
    #expect(outcome.code == 0)
    return outcome.out.trimmingCharacters(in: .newlines)
  }

  @Test func theChangelogBeginsWithThisRelease() throws {
    let headings = try text("CHANGELOG.md").split(separator: "\n").filter { $0.hasPrefix("## ") }
    let versions = headings.compactMap { $0.dropFirst(3).split(separator: " ").first.map(String.init) }
    #expect(try versions.first == version())
    #expect(Set(versions).count == versions.count, "a release has two headings: \(headings)")
  }

  @Test func thePagesAndExamplesNameThisRelease() throws {
    let version = try version()
    #expect(try text("Documentation/stability.md").contains("It describes \(version)."))
    #expect(try text("Examples/helm/plugin.yaml").contains("\nversion: \(version)\n"))
    let pages = try FileManager.default.contentsOfDirectory(atPath: "\(Program.root)/Documentation")
    for page in ["README.md"] + pages.filter({ $0.hasSuffix(".md") }).map({ "Documentation/\($0)" }) {
      for image in try text(page).matches(of: /\/bulkhead:([0-9.]+[0-9])/) {
        #expect(String(image.1) == version, "\(page)")
      }
    }
  }
}
