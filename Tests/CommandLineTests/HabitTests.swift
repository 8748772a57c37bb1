import Foundation
import TestSupport
import Testing

/// What people and pipelines expect of a command line.
@Suite struct HabitTests {
  struct Verb: CustomTestStringConvertible, Sendable {
    let words: [String]
    let examples: [String]
    var testDescription: String { words.joined(separator: " ") }
  }

  /// All verbs of the program, as it lists them itself.
  static let verbs: [Verb] = {
    guard let help = try? Program.bulkhead("--experimental-dump-help", in: Program.root),
      let tree = try? JSONSerialization.jsonObject(with: Data(help.out.utf8)) as? [String: Any],
      let root = tree["command"] as? [String: Any]
    else { return [] }
    func below(_ command: [String: Any], _ words: [String]) -> [Verb] {
      (command["subcommands"] as? [[String: Any]] ?? []).flatMap { child -> [Verb] in
        guard let name = child["commandName"] as? String, name != "help" else { return [] }
        let examples = (child["examples"] as? [[String: Any]] ?? []).compactMap { $0["command"] as? String }
        return [Verb(words: words + [name], examples: examples)] + below(child, words + [name])
      }
    }
    return below(root, [])
  }()

  @Test func theProgramListsItsVerbs() { #expect(Self.verbs.count > 35) }

  /// Each verb has an example, and what the example calls exists.
  @Test(arguments: verbs) func aVerbHasAnExample(_ verb: Verb) throws {
    #expect(!verb.examples.isEmpty, "add one to VerbExamples: \(verb.testDescription)")
    for example in verb.examples {
      let words = example.split(separator: " ").map(String.init)
      let prefix = ["bulkhead"] + verb.words
      #expect(Array(words.prefix(prefix.count)) == prefix, "\(example)")
      let own = words.prefix { !["|", ">"].contains($0) }
      // The verb that the example calls may be below the one that has it.
      var called = verb.words
      while let deeper = Self.verbs.first(where: {
        $0.words == called + [own.count > called.count + 1 ? own[called.count + 1] : ""]
      }) {
        called = deeper.words
      }
      let help = try Program.run(Program.path, called + ["--help"], in: Program.root)
      #expect(help.code == 0)
      for option in own where option.hasPrefix("--") {
        #expect(help.out.contains("\(option) ") || help.out.contains("\(option)\n"), "\(example): \(option)")
      }
    }
  }

  /// Each verb whose code ends the program with 2 says what that means, and no other does.
  @Test func theMeaningOfCodeTwoIsSaid() throws {
    let table = try String(
      contentsOfFile: "\(Program.root)/Sources/bulkhead/VerbExitCodes.swift", encoding: .utf8)
    let said = Set(table.matches(of: /(?m)^ {4}"([a-z -]+)":/).map { String($0.1) })
    let names = Set(Self.verbs.map { $0.words.joined(separator: " ") })
    #expect(said.isSubset(of: names), "\(said.subtracting(names))")
    let folder = "\(Program.root)/Sources/bulkhead/Commands"
    var ending: Set<String> = ["agent"]
    for file in try FileManager.default.subpathsOfDirectory(atPath: folder) where file.hasSuffix(".swift") {
      let text = try String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8)
      guard text.contains("ExitCode(2)"), let name = text.firstMatch(of: /commandName: "([a-z-]+)"/)?.1 else {
        continue
      }
      ending.insert(file.hasPrefix("Certs/") ? "certs \(name)" : String(name))
    }
    #expect(said == ending, "\(said.symmetricDifference(ending))")
    for name in said {
      let help = try Program.run(
        Program.path, name.split(separator: " ").map(String.init) + ["--help"], in: Program.root)
      #expect(help.out.contains("\nEXIT CODE 2: "), "\(name)")
    }
  }

  @Test(arguments: [
    ("aply", "apply"), ("verfy", "verify"), ("certs isue", "certs issue"),
    ("authority serv", "authority serve"),
  ])
  func aMistypedVerbIsRecognised(_ typed: String, _ meant: String) throws {
    let outcome = try Program.run(
      Program.path, typed.split(separator: " ").map(String.init), in: Program.root)
    #expect(outcome.code == 64)
    let word = meant.split(separator: " ").last.map(String.init) ?? meant
    #expect(outcome.error.contains("Did you mean '\(word)'?"), "\(outcome.error)")
    let strange = try Program.bulkhead("frobnicate", in: Program.root)
    #expect(
      strange.code == 64 && strange.error.contains("Unknown command 'frobnicate'\n"), "\(strange.error)")
  }

  /// `lint FILE`, `lint --file FILE`, `BULKHEAD_FILE=FILE lint` and `lint - <FILE` are the same.
  @Test func aFileIsNamedInFourWays() throws {
    let folder = try TemporaryFolder()
    let written = try Program.bulkhead(
      "init", "--file", "other.yaml", "--cluster", "other", "--calicoctl", "alice=full", in: folder.path)
    #expect(written.code == 0, "\(written.all)")
    let text = try String(contentsOfFile: "\(folder.path)/other.yaml", encoding: .utf8)
    func findings(_ words: [String], input: String? = nil, _ environment: [String: String] = [:]) throws
      -> String
    {
      let outcome = try Program.run(
        Program.path, ["lint", "--output", "json"] + words, in: folder.path, input: input,
        environment: environment)
      #expect([0, 2].contains(outcome.code), "\(words): \(outcome.all)")
      return outcome.out.replacing("standard input", with: "other.yaml").replacing(
        "\"-\"", with: "\"other.yaml\"")
    }
    let named = try findings(["--file", "other.yaml"])
    #expect(try findings(["other.yaml"]) == named)
    #expect(try findings([], ["BULKHEAD_FILE": "other.yaml"]) == named)
    #expect(try findings(["-"], input: text) == named)
    // The command line goes before the environment.
    #expect(try findings(["other.yaml"], ["BULKHEAD_FILE": "missing.yaml"]) == named)
    let twice = try Program.bulkhead("lint", "other.yaml", "--file", "third.yaml", in: folder.path)
    #expect(twice.code == 64 && twice.error.contains("named twice"), "\(twice.error)")
    // Two readers of one input.
    let both = try Program.bulkhead("plan", "-", "--nodes", "-", in: folder.path, input: text)
    #expect(both.code == 1 && both.error.contains("both read standard input"), "\(both.error)")
  }

  /// What verbs read and write under the name `-`.
  @Test func aHyphenIsStandardInputOrOutput() throws {
    let folder = try TemporaryFolder()
    func run(_ words: String) throws -> Program.Outcome {
      let bin = URL(fileURLWithPath: Program.path).deletingLastPathComponent().path
      return try Program.run(
        "/bin/sh", ["-c", words], in: folder.path, environment: ["PATH": "\(bin):/usr/bin:/bin"])
    }
    #expect(
      try run("bulkhead init --only-given --ca x.crt && bulkhead certs authority && bulkhead certs issue")
        .code == 0)
    try FileManager.default.copyItem(
      atPath: "\(Program.root)/Sources/bulkhead/Example/calico-etcd.yaml", toPath: "\(folder.path)/m.yaml")
    for words in [
      "bulkhead report --output json | bulkhead report --since - --to - | grep -q '^<!DOCTYPE html>'",
      "bulkhead certs inspect - <pki/clients/cni-plugin.crt | grep -q cni-plugin",
      "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=cni-plugin -keyout k 2>/dev/null"
        + " | bulkhead certs sign - --identity cni-plugin --to - | openssl x509 -noout -subject | grep -q cni-plugin",
      "bulkhead compare bulkhead.yaml - <bulkhead.yaml",
      "bulkhead show - <bulkhead.yaml | grep -q cni-plugin",
      "bulkhead manifest - --secrets none --to - <m.yaml | grep -q '^kind: DaemonSet'",
    ] {
      let outcome = try run(words)
      #expect(outcome.code == 0, "\(words): \(outcome.all)")
      #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/-"), "\(words)")
    }
    let both = try run("bulkhead report - --since - <bulkhead.yaml")
    #expect(
      both.code == 1 && both.error.contains("--file and --since both read standard input"), "\(both.all)")
    let file = try run("bulkhead plan --out -")
    #expect(file.code == 64 && file.error.contains("--out takes a file"), "\(file.all)")
    for verb in ["restore - --plan", "apply -"] {
      let empty = try run("bulkhead \(verb) </dev/null")
      #expect(empty.code == 1 && !empty.error.contains("cannot read -"), "\(empty.all)")
    }
  }

  /// A file where another verb takes one, and words that are near to a known one.
  @Test(arguments: [
    ("show other.yaml", 0, ""), ("certs list other.yaml", 0, ""),
    ("apply bulkhead.yaml", 1, "hint: bulkhead apply --file bulkhead.yaml"),
    ("agent agent.yaml", 64, "Did you mean '--config agent.yaml'?"),
    ("certs trust other.yaml", 64, "Did you mean '--file other.yaml'?"),
    ("init other.yaml", 64, "Did you mean '--file other.yaml'?"),
    ("catalogue calico-nod", 1, "did you mean 'calico-node'?"),
    ("catalogue --feature seded", 1, "did you mean 'seeded'?"),
    ("can calico-nod --all", 1, "did you mean 'calico-node'?"),
  ]) func aMistakeLeadsToTheRightWord(_ typed: String, _ code: Int32, _ words: String) throws {
    let folder = try TemporaryFolder()
    for file in ["bulkhead.yaml", "other.yaml"] {
      let made = try Program.bulkhead("init", "--only-given", "--file", file, in: folder.path)
      #expect(made.code == 0, "\(made.all)")
    }
    for words in [["certs", "authority"], ["certs", "issue"]] {
      let made = try Program.run(Program.path, words, in: folder.path)
      #expect(made.code == 0, "\(made.all)")
    }
    let outcome = try Program.run(
      Program.path, typed.split(separator: " ").map(String.init), in: folder.path)
    #expect(outcome.code == code && (words.isEmpty || outcome.error.contains(words)), "\(outcome.all)")
  }

  /// `bulkhead` alone: a few words on a terminal, the whole help in a pipe.
  @Test func theProgramAloneHelpsANewcomer() throws {
    let folder = try TemporaryFolder()
    let first = try PseudoTerminal.bulkhead([], in: folder.path, typing: [])
    #expect(first.code == 0 && first.shown.contains("bulkhead demo  all steps"), "\(first.shown)")
    #expect(first.shown.split(separator: "\n", omittingEmptySubsequences: false).count < 15)
    let made = try Program.bulkhead("init", "--only-given", in: folder.path)
    #expect(made.code == 0)
    let second = try PseudoTerminal.bulkhead([], in: folder.path, typing: [])
    #expect(
      second.shown.contains("bulkhead.yaml is here") && second.shown.contains("bulkhead plan "),
      "\(second.shown)")
    // Each verb that the words name exists.
    for match in (first.shown + second.shown).matches(of: #/(?m)^ {2}bulkhead ([a-z]+) /#) {
      #expect(Self.verbs.contains { $0.words == [String(match.1)] }, "\(match.1)")
    }
    let piped = try Program.run(Program.path, [], in: folder.path)
    #expect(piped.code == 0 && piped.out.contains("SUBCOMMANDS:"))
  }

  /// Who waits for input from a terminal is told.
  @Test func readingFromATerminalIsSaid() throws {
    let folder = try TemporaryFolder()
    let outcome = try PseudoTerminal.bulkhead(["lint", "-"], in: folder.path, typing: ["kind: Pod"])
    #expect(outcome.shown.contains("reading --file from the terminal: Ctrl-D ends it"), "\(outcome.shown)")
  }

  /// Colour is for terminals alone, and not with NO_COLOR or on a dumb one.
  @Test(arguments: [
    (["NO_COLOR": "", "TERM": "xterm"], true), (["NO_COLOR": "1", "TERM": "xterm"], false),
    (["NO_COLOR": "", "TERM": "dumb"], false),
  ]) func aTerminalGetsColour(_ environment: [String: String], _ isColoured: Bool) throws {
    let folder = try TemporaryFolder()
    let outcome = try PseudoTerminal.bulkhead(
      ["plan"], in: folder.path, typing: [], environment: environment)
    #expect(outcome.code == 1 && outcome.shown.contains("cannot find the file"))
    #expect(outcome.shown.contains("\u{1b}[") == isColoured, "\(outcome.shown)")
  }

  @Test func aWrongVariableIsWrongUsage() throws {
    let outcome = try Program.bulkhead("verify", in: Program.root, environment: ["BULKHEAD_TIMEOUT": "soon"])
    #expect(outcome.code == 64 && outcome.error.contains("BULKHEAD_TIMEOUT"), "\(outcome.error)")
  }

  /// Without a terminal nothing has an escape sequence, with or without NO_COLOR.
  @Test(arguments: [[:], ["NO_COLOR": "1"], ["TERM": "xterm-256color"]]) func aPipeGetsPlainText(
    _ environment: [String: String]
  ) throws {
    let folder = try TemporaryFolder()
    for words in [["catalogue"], ["version"], ["plan"], ["frobnicate"]] {
      let outcome = try Program.run(Program.path, words, in: folder.path, environment: environment)
      #expect(!outcome.all.contains("\u{1b}"), "\(words)")
    }
  }

  /// The page lists the variables that the program knows, and no others.
  @Test func theVariablesAreDocumented() throws {
    let help = try Program.bulkhead("--help", in: Program.root).out
    let page = try String(
      contentsOfFile: "\(Program.root)/Documentation/reference/environment.md", encoding: .utf8)
    let listed = page.matches(of: /(?m)^\| `([A-Z_]+)` \|/).map { String($0.1) }
    #expect(
      listed == [
        "BULKHEAD_FILE", "BULKHEAD_TIMEOUT", "BULKHEAD_PASSPHRASE", "BULKHEAD_TOKEN", "VAULT_TOKEN",
        "NO_COLOR",
      ])
    for name in ["BULKHEAD_FILE", "BULKHEAD_TIMEOUT", "BULKHEAD_PASSPHRASE", "NO_COLOR"] {
      #expect(help.contains(name))
    }
  }

  /// A backup that was cut off cannot be used.
  @Test(arguments: ["catalogue", "catalogue --output json", "schema", "--help", "version --output json"])
  func aFullDiskOnStandardOutputIsAnError(_ words: String) throws {
    let outcome = try Program.run(
      "/bin/sh", ["-c", "'\(Program.path)' \(words) >/dev/full"], in: Program.root)
    #expect(outcome.code == 1 && outcome.error.contains("cannot write to standard output"), "\(outcome.all)")
    // A reader that closes it early is not an error.
    let head = try Program.run(
      "/bin/sh", ["-c", "{ '\(Program.path)' \(words); echo $? >&2; } | true"], in: Program.root)
    #expect(head.error == "0\n", "\(head.all)")
  }
}
