import Foundation
import TestSupport
import Testing

/// The command line itself: completions, the tree of commands, and words that are no words.
@Suite struct ArgumentTests {
  @Test func bashCompletesCommandsOptionsAndValues() throws {
    let folder = try TemporaryFolder()
    let script = try Program.bulkhead("--generate-completion-script", "bash", in: folder.path).out
    func offers(_ words: String...) throws -> String {
      let program = """
        \(script)
        COMP_WORDS=(bulkhead \(words.map { "'\($0)'" }.joined(separator: " "))); COMP_CWORD=\(words.count)
        _bulkhead; echo "${COMPREPLY[@]}"
        """
      return try Program.run("/bin/bash", ["--norc", "-uc", program], in: folder.path).all
    }
    #expect(try offers("certs", "re") == "renew revoke\n")
    #expect(try offers("authority", "token", "--n") == "--node\n")
    #expect(try offers("apply", "--stage", "") == "prepare switch clean\n")
    #expect(try offers("lint", "--output", "=", "s") == "sarif\n")
    #expect(try offers("can", "calico-node", "") == "get watch put delete txn\n")
    #expect(try offers("help", "cer") == "certs\n")
  }

  @Test(arguments: ["zsh", "fish"]) func theOtherShellsAreKnown(_ shell: String) throws {
    let folder = try TemporaryFolder()
    let outcome = try Program.bulkhead("--generate-completion-script=\(shell)", in: folder.path)
    #expect(outcome.code == 0)
    #expect(outcome.out.contains("cut-off"))
  }

  @Test func theTreeOfCommandsIsJSON() throws {
    let folder = try TemporaryFolder()
    let outcome = try Program.bulkhead("--experimental-dump-help", in: folder.path)
    let tree = try JSONSerialization.jsonObject(with: Data(outcome.out.utf8)) as? [String: Any]
    let root = try #require(tree?["command"] as? [String: Any])
    let verbs = try #require(root["subcommands"] as? [[String: Any]]).compactMap {
      $0["commandName"] as? String
    }
    #expect(verbs.contains("plan") && verbs.last == "help")
  }

  @Test func bytesThatAreNoTextAreNoCrash() throws {
    let folder = try TemporaryFolder()
    let script =
      "'\(Program.path)' plan --file \"$(printf 'a\\377b')\"; '\(Program.path)' \"$(printf '\\377')\""
    let outcome = try Program.run("/bin/sh", ["-c", script], in: folder.path)
    #expect(outcome.code == 64)
    #expect(outcome.error.contains("cannot find the file 'a\u{FFFD}b'"))
    #expect(outcome.error.contains("Error: Unknown command '\u{FFFD}'"))
  }

  @Test func aReaderThatLeavesEarlyIsNoCrash() throws {
    let folder = try TemporaryFolder()
    let script =
      "'\(Program.path)' catalogue --markdown | head -n 1; '\(Program.path)' --experimental-dump-help | head -n 1"
    #expect(try Program.run("/bin/sh", ["-c", script], in: folder.path).error.isEmpty)
  }
}
