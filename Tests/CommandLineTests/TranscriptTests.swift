import Foundation
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct TranscriptTests {
  private static let records = ProcessInfo.processInfo.environment["BULKHEAD_TRANSCRIPTS"] == "record"

  @Test(arguments: Transcript.all) func eachCommandPrintsExactlyWhatTheFileShows(_ name: String) throws {
    let transcript = try Transcript(name)
    #expect(!transcript.steps.isEmpty)
    let folder = try TemporaryFolder()
    var printed: [[String]] = []
    for step in transcript.steps {
      let lines = try Transcript.run(step.command, in: folder.path)
      printed.append(lines)
      if Self.records { continue }
      #expect(
        Transcript.matches(lines[...], step.expected[...]),
        "\(name): $ \(step.command)\n\(lines.joined(separator: "\n"))")
    }
    // What was written with `…` stays if it matches.
    if Self.records {
      try transcript.record(
        zip(transcript.steps, printed).map { step, lines in
          Transcript.matches(lines[...], step.expected[...]) ? step.expected : lines
        })
    }
  }

  @Test func anEllipsisStandsForTextOrLines() {
    #expect(Transcript.matches(["a", "b"], ["a", "b"]))
    #expect(!Transcript.matches(["a", "b"], ["a"]))
    #expect(Transcript.matches(["a 1 b 2"], ["a … b …"]))
    #expect(!Transcript.matches(["a 1 c"], ["a … b"]))
    #expect(Transcript.matches(["a", "x", "y", "b"], ["a", "…", "b"]))
    #expect(!Transcript.matches(["a", "x"], ["a", "…", "b"]))
  }
}
