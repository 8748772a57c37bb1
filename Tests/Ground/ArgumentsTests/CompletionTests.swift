import Foundation
import Testing

@testable import Arguments

/// The scripts in the shells that they are for.
@Suite struct CompletionTests {
  private func script(_ shell: String) throws -> String {
    let error = #expect(throws: (any Error).self) {
      _ = try Harbour.parseAsRoot(["--generate-completion-script", shell])
    }
    let ending = Ending(try #require(error), root: Harbour.self, width: 80)
    #expect(ending.code == .success)
    return ending.text
  }

  /// What bash offers at the end of a command line.
  /// - Parameter words: as bash makes them, which splits at `=`.
  private func offers(_ words: String...) throws -> [String] {
    let list = (["harbour"] + words).map(\.shellQuoted).joined(separator: " ")
    let program = """
      cd "$(mktemp -d)" && touch 'a file' other
      \(try script("bash"))
      COMP_WORDS=(\(list)); COMP_CWORD=\(words.count)
      _harbour
      printf '%s\\n' "${COMPREPLY[@]}"
      """
    let outcome = try run("/bin/bash", ["--norc", "-uc", program])
    #expect(outcome.code == 0, "\(outcome.text)")
    return outcome.text.split(separator: "\n").map(String.init)
  }

  private func run(_ program: String, _ arguments: [String]) throws -> (code: Int32, text: String) {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }

  @Test func verbs() throws {
    #expect(try offers("") == ["list", "ship", "help"])
    #expect(try offers("sh") == ["ship"])
    #expect(try offers("ship", "") == ["enter", "leave"])
    #expect(try offers("help", "ship", "l") == ["leave"])
    #expect(try offers("help", "") == ["list", "ship", "help"])
  }

  @Test func names() throws {
    #expect(
      try offers("list", "-") == [
        "-a", "--all", "--quiet", "-f", "--file", "--tag", "--form", "--depth", "--hours", "--version", "-h",
        "--help",
      ])
    #expect(try offers("list", "--f") == ["--file", "--form"])
    #expect(try offers("--h") == ["--help"])
    // Those of the default subcommand too.
    #expect(try offers("ship", "--") == ["--length", "--version", "--help"])
  }

  @Test func values() throws {
    #expect(try offers("list", "--form", "") == ["text", "json"])
    #expect(try offers("list", "--form", "j") == ["json"])
    #expect(try offers("list", "--form", "=") == ["text", "json"])
    #expect(try offers("list", "--form", "=", "j") == ["json"])
    #expect(try offers("list", "--form", "json", "--a") == ["--all"])
    #expect(try offers("list", "--form", "=", "json", "--a") == ["--all"])
    #expect(try offers("ship", "enter", "t") == ["text"])
    #expect(try offers("ship", "enter", "--length", "7", "") == ["text", "json"])
  }

  @Test func files() throws {
    #expect(try offers("list", "--file", "").sorted() == ["a file", "other"])
    #expect(try offers("list", "-f", "o") == ["other"])
    #expect(try offers("list", "a") == ["a file"])
    // Neither an option nor its value.
    #expect(try offers("list", "--", "--form", "o") == ["other"])
    #expect(try offers("list", "--file", "ship", "--form", "t") == ["text"])
  }

  @Test func bashHasTheFunctionOfTheProgram() throws {
    let program = "\(try script("bash"))\ncomplete -p harbour"
    #expect(try run("/bin/bash", ["--norc", "-uc", program]).text == "complete -F _harbour harbour\n")
  }

  @Test(arguments: ["zsh", "fish"])
  func theOtherShellsUnderstandTheirs(_ shell: String) throws {
    guard
      let program = ["/bin/\(shell)", "/usr/bin/\(shell)"].first(where: FileManager.default.isExecutableFile)
    else {
      print("\(shell) is not installed: its completion script is not looked at")
      return
    }
    let file = NSTemporaryDirectory() + "harbour-completion-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: file) }
    try script(shell).write(toFile: file, atomically: true, encoding: .utf8)
    let outcome = try run(program, ["--no-config", "-n", file].dropFirst(shell == "fish" ? 0 : 1).map { $0 })
    #expect(outcome.code == 0 && outcome.text.isEmpty, "\(outcome.text)")
  }

  /// fish can be asked what it would offer.
  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/fish"), "fish is not installed"))
  func fishOffers() throws {
    func offers(_ line: String) throws -> [String] {
      let program = "\(try script("fish"))\ncomplete -C \(line.shellQuoted)"
      return try run("/usr/bin/fish", ["--no-config", "-c", program]).text.split(separator: "\n")
        .map { String($0.prefix { $0 != "\t" }) }
    }
    #expect(try Set(offers("harbour ")) == ["list", "ship", "help"])
    #expect(try Set(offers("harbour ship ")) == ["enter", "leave"])
    #expect(try Set(offers("harbour help ")) == ["list", "ship"])
    #expect(try Set(offers("harbour list --f")) == ["--file", "--form"])
    #expect(try Set(offers("harbour list --form ")) == ["text", "json"])
    #expect(try Set(offers("harbour list --file x --form j")) == ["json"])
    #expect(try Set(offers("harbour ship --len")) == ["--length"])
  }
}
