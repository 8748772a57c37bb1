import Arguments
import AuthorityServer
import Certificates
import Files
import FoundationEssentials
import Glibc
import Segmentation
import StrictYAML
import Terminal

struct AuthorityToken: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token",
    abstract: "Make join tokens, list them, revoke them.",
    discussion: """
      A token is bound to a node and its components, and each identity gets as many certificates with it as --uses \
      says. The ledger keeps its hash only.
      """,
    subcommands: [AuthorityTokenCreate.self, AuthorityTokenList.self, AuthorityTokenRevoke.self],
    defaultSubcommand: AuthorityTokenCreate.self)
}

struct AuthorityTokenCreate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create",
    abstract: "Make a join token for a node, for a component without one, or for every node of the file.",
    discussion: """
        bulkhead authority token --node node-1 --to node-1.token
        bulkhead authority token --component kube-controllers --to kube-controllers.token
        bulkhead authority token --all --ttl 1d --to tokens/

      The file is written with mode 0600; '--to -' writes the token to standard output.
      """)

  @Option(help: "The node whose identities may be asked for.") var node: String?
  @Flag(help: "A token for each node of the file, in NODE.token of the folder --to.") var all = false
  @Option(help: "Only this component; may be repeated.") var component: [String] = []
  @Option(help: "How long the token can be used: 30m, 1h, 7d.") var ttl = "1h"
  @Option(help: "How many certificates each identity may get with it.") var uses = 1
  @Option(help: "The file to write, the folder with --all, or - for standard output.") var to: String
  @OptionGroup var fileOption: FileOption

  func validate() throws {
    guard !all || node == nil else { throw ValidationError("--all and --node exclude each other") }
    guard !all || to != "-" else { throw ValidationError("--all writes to a folder") }
    guard (1...1_000_000).contains(uses) else { throw ValidationError("--uses takes 1 or more") }
  }

  func run() async throws {
    guard let lifetime = Lifetime(ttl) else {
      throw ValidationError("--ttl takes a number and a unit: 30m, 1h, 7d")
    }
    let workspace = try Workspace(fileOption)
    let now = Date()
    let expiry = now + Double(lifetime.seconds)
    let nodes: [String?] = all ? workspace.segmentation.nodes : [node]
    guard !nodes.isEmpty else {
      throw CommandError(
        "the file divides nothing by node",
        hint: "use isolation 'node-certificate' or 'node-user' and 'nodes'")
    }
    let tokens = try nodes.map { node in
      let grant = try workspace.segmentation.joinGrant(
        node: node, components: component, uses: uses, expiresAt: expiry)
      return (token: JoinToken(), grant: grant)
    }
    if to == "-" { try PrivateOutput.keepFromOthers() }
    try Ledger(in: workspace.authority).add(tokens, now: now)
    for (token, grant) in tokens {
      let secret = token.secretText + "\n"
      let file = all ? "\(to)/\(grant.node ?? "").token" : to
      if file == "-" {
        Console.write(secret, to: STDOUT_FILENO)
      } else {
        if all { try Directory.create(to, mode: 0o700) }
        try AtomicFile.write(Array(secret.utf8), to: file, mode: 0o600)
        Console.out("\(file): join token \(token.id), until \(expiry.formatted(.iso8601))")
      }
    }
  }
}
