import Arguments
import Etcd
import Files
import FoundationEssentials
import Glibc
import Names
import Processes
import Reporting
import Services
import Terminal
import ThrowawayEtcd

struct DemoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "The whole thing on a throw-away three-member etcd.",
    discussion: """
      Starts etcd with TLS on loopback in a temporary folder, fills it with keys in Calico's formats, and runs the \
      verbs one after another as you would. Takes well under a minute and leaves nothing running; --keep DIR keeps \
      the files.
      """)

  @Option(help: "Keep everything in this folder, which must not exist or be empty.") var keep: String?
  @Option(help: "The etcd server's program.") var etcd = "etcd"
  @Option(help: "How many members.") var members = 3
  @Option(help: "A hosted Calico manifest to segment instead of a small one of Bulkhead's own.") var manifest:
    String?

  func validate() throws {
    guard [1, 3, 5].contains(members) else { throw ValidationError("--members takes 1, 3 or 5") }
  }

  func run() async throws {
    let folder = try DemoFolder(keep: keep)
    do {
      try await withCancellation { [self] in try await run(in: folder.path) }
    } catch {
      folder.removeUnlessKept()
      throw error
    }
    folder.removeUnlessKept(but: Self.report)
  }

  /// What is left when all else is removed.
  private static let report = "report.html"

  private func run(in folder: String) async throws {
    let style = Console.style
    func title(_ text: String) { Console.out("\n" + style.strong("── \(text)")) }
    let started = ContinuousClock.now

    title("a throw-away etcd: \(members) members, TLS, every client with the same all-powerful certificate")
    var options = ThrowawayEtcd.Options()
    // Longer than the certificates of the file, so that nothing ends before its time.
    options.clientAuthorityLifetime = .seconds(100 * 86_400)
    let cluster = try await ThrowawayEtcd.start(members: members, binary: etcd, in: folder, options: options)
    defer { cluster.stop() }
    try await EtcdClient.connect(to: cluster.endpoints, as: cluster.root) { etcd in
      Console.out(
        "etcd \(try await etcd.status().version) at \(cluster.endpoints.map(\.description).joined(separator: " "))"
      )
      try await SampleData.write(to: etcd)
    }
    Console.out("\(SampleData.keys.count) keys in Calico's and Kubernetes' formats")
    let input = "\(folder)/calico-etcd.yaml"
    let bytes = try manifest.map { try FileContents.read($0) } ?? PackageResources.calico_etcd_yaml
    try AtomicFile.write(bytes, to: input, mode: 0o644)

    let bulkhead = DemoShell(folder: folder)
    title("one short file")
    try bulkhead.run(
      ["init", "--cluster", "demo", "--calico", "v3.32.1", "--ca", "etcd-ca/ca.crt"]
        + cluster.endpoints.flatMap { ["--endpoint", "\($0)"] }
        + [
          "--calicoctl", "alice=read-only", "--calicoctl", "netops=policy-editor", "--calicoctl",
          "admin=full",
        ]
        + ["--apiserver", "kube-apiserver-etcd-client"])
    title("a certificate for each identity")
    try bulkhead.run(["certs", "issue"])
    title("what would change in etcd, and as which etcdctl lines")
    try bulkhead.run(["plan"], expecting: [2], lines: 14)
    title("do it, and turn authentication on")
    try bulkhead.run(["apply", "--enable-auth", "--watch", "2"])
    try bulkhead.run(["plan"])
    title("a Secret for each component in the manifest")
    try bulkhead.run(["manifest", "calico-etcd.yaml", "--to", "calico-etcd.segmented.yaml"])
    title("the proof, asked of every member with every certificate")
    // The releases that distributions ship have vulnerabilities that these questions show.
    let proof =
      ["verify"] + ["CVE-2026-33343", "CVE-2026-33413", "GHSA-xg4h-6gfc-h4m8"].flatMap { ["--accept", $0] }
    try bulkhead.run(proof)
    title("one page to show around")
    try bulkhead.run(proof + ["--output", "json"], to: "verify.json")
    try bulkhead.run(["report", "--with", "verify.json", "--live", "--to", Self.report])

    title("done in \((ContinuousClock.now - started).inWords)")
    if keep == nil {
      Console.out(
        """
        Open the report in a browser: \(folder)/report.html
          who may do what in this etcd, what a leaked certificate opens, and the proof
        All servers are stopped and all other files removed. To keep them: bulkhead demo --keep DIR
        """)
    } else {
      try cluster.writeScripts()
      Console.out(
        """
        Everything is in \(folder), and nothing is running:
          bulkhead.yaml                the one file
          pki/clients                  a certificate and key for each identity
          calico-etcd.segmented.yaml   the manifest with a Secret for each component
          report.html                  open it in a browser: who may do what, what a leaked certificate opens,
                                       and the proof
          ./start                      runs the members again; then, in another terminal:
          . ./etcdctl.env              etcdctl user list; etcdctl role get cni-plugin
        """)
    }
    Console.out(
      "Next: 'bulkhead init' for your own cluster, which finds out what it can; 'bulkhead plan', which changes nothing."
    )
  }
}

/// The folder of the demo.
private struct DemoFolder {
  let path: String
  private let isKept: Bool

  init(keep: String?) throws {
    let files = FileManager.default
    if let keep {
      guard (try? files.contentsOfDirectory(atPath: keep))?.isEmpty ?? true else {
        throw CommandError("the folder '\(keep)' is not empty", hint: "give --keep a new one")
      }
      path = URL(fileURLWithPath: keep).path
    } else {
      path =
        files.temporaryDirectory.appendingPathComponent("bulkhead-demo-\(UUID().uuidString.prefix(8))").path
    }
    isKept = keep != nil
    try Directory.create(path)
  }

  /// - Parameter name: the file that stays; nil to remove the folder too.
  func removeUnlessKept(but name: String? = nil) {
    guard !isKept else { return }
    let files = FileManager.default
    guard let name, files.fileExists(atPath: "\(path)/\(name)") else {
      return (try? files.removeItem(atPath: path)) ?? ()
    }
    for other in (try? files.contentsOfDirectory(atPath: path)) ?? [] where other != name {
      try? files.removeItem(atPath: "\(path)/\(other)")
    }
  }
}

/// Runs this program as a user would, and prints the command and its output.
private struct DemoShell {
  let folder: String

  /// - Parameters:
  ///   - limit: How many lines of the output are printed; nil for all.
  ///   - file: Where the output is written instead; nil to print it.
  func run(
    _ arguments: [String], expecting codes: Set<Int32> = [0], lines limit: Int? = nil, to file: String? = nil
  ) throws {
    let style = Console.style
    Console.out(
      style.faint("$ ")
        + style.strong("bulkhead \(arguments.joined(separator: " "))\(file.map { " >\($0)" } ?? "")"))
    let words = ["/proc/self/exe"] + arguments
    let status: Int32
    if let file {
      let outcome = try ChildProcess.reading(
        words, in: folder, input: .descriptor(STDIN_FILENO), error: .descriptor(STDERR_FILENO))
      try AtomicFile.write(Array(outcome.output.utf8), to: "\(folder)/\(file)", mode: 0o640)
      status = outcome.status
    } else if let limit {
      let outcome = try ChildProcess.reading(
        words, in: folder, input: .descriptor(STDIN_FILENO), error: .descriptor(STDERR_FILENO))
      let lines = outcome.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
      Console.out(lines.prefix(limit).joined(separator: "\n"))
      if lines.count > limit { Console.out(style.faint("… and \(lines.count - limit) lines more")) }
      status = outcome.status
    } else {
      status = try ChildProcess(
        words, in: folder, input: .descriptor(STDIN_FILENO), output: .descriptor(STDOUT_FILENO),
        error: .descriptor(STDERR_FILENO)
      ).waitUntilEnd()
    }
    guard codes.contains(status) else {
      throw CommandError("'bulkhead \(arguments.first ?? "")' ended with exit code \(status)")
    }
  }
}
