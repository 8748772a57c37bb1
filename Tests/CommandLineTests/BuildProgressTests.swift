import Foundation
import TestSupport
import Testing

/// tools/progress, which `make demo` and `make build` show.
@Suite struct BuildProgressTests {
  private static let tool = "\(Program.root)/tools/progress"
  private static let build = """
    Building for debugging...
    [1/40] Compiling Text
    [20/40] Compiling Etcd
    Sources/x.swift:1:1: error: no such thing
    [21/40] Compiling Names
    Build complete! (3.00s)

    """

  @Test func linesAtIntervalsAndAllThatIsNotProgress() throws {
    let folder = try TemporaryFolder()
    try Self.build.write(toFile: "\(folder.path)/printed", atomically: true, encoding: .utf8)
    // A pause, so that an interval passes.
    let outcome = try Program.run(
      "/bin/bash", ["-c", "(cat printed; sleep 3) | \(Self.tool) 42"], in: folder.path,
      environment: ["BULKHEAD_PROGRESS_SECONDS": "1"])
    #expect(outcome.code == 0)
    #expect(outcome.out == "Sources/x.swift:1:1: error: no such thing\n", "\(outcome.out)")
    #expect(
      outcome.error.contains(/build: step 21 of about 42, \d:\d\d so far, about \d:\d\d left\n/),
      "\(outcome.error)"
    )
    #expect(!outcome.error.contains("\u{1b}"))
  }

  @Test func oneLineOnATerminal() throws {
    let folder = try TemporaryFolder()
    try Self.build.write(toFile: "\(folder.path)/printed", atomically: true, encoding: .utf8)
    let outcome = try PseudoTerminal.run(
      "/bin/bash", ["-c", "(cat printed; sleep 3) | \(Self.tool) 42"], in: folder.path, typing: [])
    #expect(outcome.code == 0)
    #expect(outcome.shown.contains("[............"), "\(outcome.shown)")
    #expect(
      outcome.shown.contains(/\r\u{1b}\[K.*build:.* \[#{12}\.{12}\] step 21 of about 42, \d:\d\d so far/),
      "\(outcome.shown)")
    // The last line is left empty for what comes next.
    #expect(outcome.shown.hasSuffix("\r\u{1b}[K"), "\(outcome.shown)")
  }
}
