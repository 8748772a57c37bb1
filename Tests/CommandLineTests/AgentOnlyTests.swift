import Foundation
import TestSupport
import Testing

/// `bulkhead-agent`, the program for hosts and pods.
@Suite struct AgentOnlyTests {
  private static let path = URL(fileURLWithPath: Program.path).deletingLastPathComponent()
    .appendingPathComponent("bulkhead-agent").path
  private static let member = "\(Program.root)/Examples/systemd/member-agent.yaml"

  private func agent(_ words: String...) throws -> Program.Outcome {
    let folder = try TemporaryFolder()
    return try Program.run(Self.path, words, in: folder.path)
  }

  @Test func itDoesWhatBulkheadAgentDoes() throws {
    let folder = try TemporaryFolder()
    let both = try Program.run(
      Program.path, ["agent", "--check", "--config", Self.member, "--output", "json"], in: folder.path)
    let alone = try agent("--check", "--config", Self.member, "--output", "json")
    #expect(both.code == 1 && alone.code == both.code, "\(both.all)\(alone.all)")
    #expect(alone.out == both.out)
    // The command of a pod that was written for `bulkhead`.
    #expect(try agent("agent", "--check", "--config", Self.member, "--output", "json").out == both.out)
  }

  @Test func itHasTheSameOptionsAndVersion() throws {
    func options(_ help: String) -> [Substring] { help.matches(of: /(?m)^  (-.*)$/).map { $0.1 } }
    let help = try agent("--help")
    let both = try Program.bulkhead("agent", "--help", in: Program.root)
    #expect(help.code == 0 && options(help.out).count > 5)
    #expect(options(help.out) == options(both.out))
    #expect(help.out.contains("bulkhead-agent --config"), "\(help.out)")
    #expect(try agent("--version").out == Program.bulkhead("--version", in: Program.root).out)
    #expect(try agent("verify").code == 64)
  }

  /// What it is not linked to is what it cannot be attacked through.
  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/ldd"), "no ldd"))
  func itNeedsNeitherNghttp2NorSQLite() throws {
    func libraries(_ program: String) throws -> String {
      try Program.run("/usr/bin/ldd", [program], in: Program.root).out
    }
    let unwanted = ["libnghttp2.so", "libsqlite3.so"]
    let (both, alone) = (try libraries(Program.path), try libraries(Self.path))
    for library in unwanted {
      #expect(both.contains(library))
      #expect(!alone.contains(library))
    }
    #expect(alone.contains("libssl.so.3") && alone.contains("libyaml"))
  }
}
