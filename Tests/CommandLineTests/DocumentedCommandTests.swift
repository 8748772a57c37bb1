import Foundation
import TestSupport
import Testing

/// The commands that the pages show.
@Suite(.timeLimit(.minutes(5))) struct DocumentedCommandTests {
  /// Commands that cannot run in a test of single commands: what they begin with or contain, and why.
  private static let exceptions: [(words: String, reason: String)] = [
    ("bulkhead plan", "needs a cluster: MainJobTests"),
    ("bulkhead preflight", "needs a cluster: MainJobTests"),
    ("bulkhead apply", "needs a cluster: MainJobTests, StageCommandTests"),
    ("bulkhead history", "needs a cluster: UndoTests"),
    ("bulkhead undo", "needs a cluster: UndoTests"),
    ("bulkhead access", "needs a cluster: PeopleAccessTests"),
    ("bulkhead export", "needs a cluster: RestoreTests"),
    ("bulkhead restore", "needs a cluster: RestoreTests"),
    ("bulkhead watch", "needs a cluster: WatchTests"),
    ("bulkhead verify", "needs a cluster: MainJobTests"),
    ("bulkhead compare live", "needs a cluster: QuestionTests"),
    (" --layout kubespray", "needs the component calico: KubesprayTests"),
    (" --live", "needs a cluster: QuestionTests"),
    (" --from-cluster", "needs a cluster: FromClusterTests"),
    ("bulkhead certs rollover", "needs a cluster: RolloverTests"),
    (" --cut-off", "needs a cluster: CertificateLifeTests"),
    ("bulkhead report --with", "needs a result of verify: MainJobTests"),
    ("bulkhead demo", "starts etcd: MainJobTests"),
    ("bulkhead authority serve", "runs until it is stopped: AuthorityServerTests"),
    (" --authority server-ca", "needs that authority: AuthorityServerTests"),
    ("bulkhead agent", "runs until it is stopped: AgentTests"),
    ("bulkhead certs trust", "needs a cluster: CertificateLifeTests"),
    ("bulkhead certs import", "needs an authority that exists: CertificateLifeTests"),
    ("bulkhead certs unblock", "needs a revoked identity: CertificateLifeTests"),
    ("bulkhead authority token revoke", "needs a token: AuthorityServerTests"),
  ]

  /// Commands that make what the others need.
  private static let beginnings = ["bulkhead init", "bulkhead certs authority"]

  struct Command: CustomTestStringConvertible, Sendable {
    let page: String
    let text: String
    var testDescription: String { "\(page): \(text)" }
  }

  /// The commands in blocks of a shell, without pipes and remarks.
  private static let pages: [String] =
    ["README.md", "SECURITY.md", "CONTRIBUTING.md"]
    + ((try? FileManager.default.subpathsOfDirectory(atPath: "\(Program.root)/Documentation")) ?? [])
    .filter { $0.hasSuffix(".md") }.sorted().map { "Documentation/\($0)" }

  /// Commands in running text, as `certs revoke NAME --cut-off`: with their verbs and options only.
  private struct Mention: Hashable {
    let verbs: [String]
    let options: [String]
  }

  private static func mentions(of verbs: Set<String>, in text: String) -> Set<Mention> {
    var mentions: Set<Mention> = []
    for match in text.matches(of: /`(?:bulkhead )?([a-z][a-z-]*)( [^`\n]+)`/) {
      guard verbs.contains(String(match.1)) else { continue }
      let words = match.2.split(separator: " ").map(String.init)
      let more = words.prefix { $0.wholeMatch(of: /[a-z-]+/) != nil && !$0.hasPrefix("-") }
      let options = words.compactMap { $0.prefixMatch(of: /--[a-z][a-z-]+/).map { String($0.0) } }
      mentions.insert(Mention(verbs: [String(match.1)] + more, options: options))
    }
    return mentions
  }

  /// The commands in running text are not run, because they lack their arguments.
  @Test func verbsAndOptionsInRunningTextExist() throws {
    func help(_ verbs: [String]) throws -> Program.Outcome {
      try Program.run(Program.path, verbs + ["--help"], in: Program.root)
    }
    let verbs = try help([]).out.matches(of: /(?m)^ {2,4}([a-z][a-z-]*) {2,}/).map { String($0.1) }
    #expect(verbs.count > 10 && verbs.contains("certs"), "\(verbs)")
    var known: [[String]: Program.Outcome] = [:]
    var count = 0
    for page in Self.pages {
      let text = try String(contentsOfFile: "\(Program.root)/\(page)", encoding: .utf8)
      for mention in Self.mentions(of: Set(verbs), in: text) {
        let shown = try known[mention.verbs] ?? help(mention.verbs)
        known[mention.verbs] = shown
        count += 1
        #expect(shown.code == 0, "\(page): \(mention.verbs.joined(separator: " "))")
        for option in mention.options where !shown.out.contains(option) {
          Issue.record("\(page): '\(mention.verbs.joined(separator: " "))' has no option \(option)")
        }
      }
    }
    #expect(count > 50)
  }

  static let commands: [Command] = {
    var commands: [Command] = []
    // TutorialTests runs the tutorial; ReferenceTests and HabitTests look at what is made from the program.
    for page in pages {
      let text = (try? String(contentsOfFile: "\(Program.root)/\(page)", encoding: .utf8)) ?? ""
      var isShell = false
      for line in text.replacing("\\\n", with: " ").split(separator: "\n") {
        let line = line.trimmingCharacters(in: .whitespaces)
        if line.hasPrefix("```") {
          isShell = line == "```sh"
        } else if isShell, let start = line.range(of: #"(^|[|] *)bulkhead "#, options: .regularExpression) {
          let rest = line[start.lowerBound...].drop { $0 == "|" || $0 == " " }
          let end = [" #", " |", " >", " &&", ";"].compactMap { rest.range(of: $0)?.lowerBound }.min()
          let words = rest[..<(end ?? rest.endIndex)].split(separator: " ").joined(separator: " ")
          commands.append(Command(page: page, text: words))
        }
      }
    }
    return commands
  }()

  /// A folder with what the pages assume: a file, an authority, certificates, manifests.
  /// - Parameter divided: Whether each node has its own certificates.
  private func folder(divided: Bool) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    func bulkhead(_ arguments: String...) throws {
      let outcome = try Program.run(Program.path, arguments, in: folder.path)
      #expect(outcome.code == 0, "\(arguments): \(outcome.all)")
    }
    try bulkhead("certs", "authority")
    try bulkhead(
      "init", "--endpoint", "https://127.0.0.1:1", "--ca", "pki/ca.crt", "--calicoctl", "alice=read-only")
    let file = folder.path + "/bulkhead.yaml"
    try
      (String(contentsOfFile: file, encoding: .utf8) + "\nnodes: [node-1]\n"
      + (divided ? "isolation: node-certificate\n" : ""))
      .write(toFile: file, atomically: true, encoding: .utf8)
    try bulkhead("certs", "issue", "--root")
    let manifest = try String(
      contentsOfFile: "\(Program.root)/Sources/bulkhead/Example/calico-etcd.yaml", encoding: .utf8)
    for (name, text) in [
      ("calico-etcd.yaml", manifest),
      // That kubespray's own shape is taken is tested by ModeChangeTests.
      ("kubespray.yaml", manifest),
      (
        "agent-source.yaml",
        "source:\n  server:\n    address: https://authority.example:8443\n    ca: /etc/bulkhead-agent/authority.crt\n"
      ),
      ("source.yaml", "server:\n  address: https://authority.example.org:8443\n"),
      ("main/bulkhead.yaml", try String(contentsOfFile: file, encoding: .utf8)),
      ("authority/ca.crt", try String(contentsOfFile: folder.path + "/pki/ca.crt", encoding: .utf8)),
    ] {
      let path = URL(fileURLWithPath: "\(folder.path)/\(name)")
      try FileManager.default.createDirectory(
        at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
      try text.write(to: path, atomically: true, encoding: .utf8)
    }
    return folder
  }

  @Test func thePagesShowCommands() { #expect(Self.commands.count > 20) }

  @Test(arguments: commands) func aCommandOfAPageRuns(_ command: Command) throws {
    let isException = Self.exceptions.contains {
      command.text.hasPrefix($0.words) || command.text.contains($0.words)
    }
    let isFirst = Self.beginnings.contains(where: command.text.hasPrefix)
    // Where there is no file, a command that needs one ends before it does anything.
    let folder =
      isException || isFirst
      ? try TemporaryFolder()
      : try self.folder(divided: command.text.contains("authority token") || command.text.contains("--node "))
    if isFirst {
      try FileManager.default.copyItem(
        atPath: "\(Program.root)/Sources/bulkhead/Example/calico-etcd.yaml",
        toPath: "\(folder.path)/calico-etcd.yaml")
    }
    if isException, command.text.hasPrefix("bulkhead demo") { return }
    let nodes = "node-1\nnode-2\n"
    let bin = URL(fileURLWithPath: Program.path).deletingLastPathComponent().path
    let outcome = try Program.run(
      "/bin/sh", ["-c", command.text], in: folder.path, input: nodes,
      // The variable of the tutorial.
      environment: ["PATH": "\(bin):/usr/bin:/bin", "members": "https://127.0.0.1:1"])
    if isException {
      #expect(outcome.code != 64 && outcome.code != 127, "\(command.text): \(outcome.error)")
    } else {
      #expect(
        [0, 2].contains(outcome.code) && !outcome.error.contains("error:"),
        "\(command.text): \(outcome.error)")
    }
  }
}
