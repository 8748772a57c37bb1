import AgentProgram
import Arguments
import FoundationEssentials
import Glibc
import Release
import Terminal

@main
struct Bulkhead: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bulkhead",
    abstract:
      "Segment the etcd that Kubernetes and Calico use: one identity per component, with only the keys it needs.",
    discussion: """
      Each Calico component gets its own certificate and etcd user, and access to exactly the keys it needs. All of it \
      comes from one short file, bulkhead.yaml.

      The steps, in this order:
        bulkhead init                 write bulkhead.yaml
        bulkhead certs issue          a certificate for each identity
        bulkhead plan                 what would change in etcd
        bulkhead apply --enable-auth  do it
        bulkhead manifest FILE        give each component its own Secret
        bulkhead verify               check it on the live cluster
        bulkhead report               one page to show around

      To try it without a cluster: bulkhead demo

      Environment: BULKHEAD_FILE for --file, BULKHEAD_TIMEOUT for --timeout, BULKHEAD_PASSPHRASE for the passphrase of \
      the authority's key, NO_COLOR for no colour.

      Exit codes: 0 fine, or nothing to do; 1 failure; 2 drift, or action needed; 64 wrong usage.
      """,
    version: Version.current, examples: VerbExamples.all, actionNeeded: VerbExitCodes.actionNeeded,
    subcommands: [
      InitCommand.self, PreflightCommand.self, PlanCommand.self, ApplyCommand.self, HistoryCommand.self,
      UndoCommand.self, ExportCommand.self, RestoreCommand.self, AccessCommand.self,
      VerifyCommand.self, WatchCommand.self, ManifestCommand.self, CertsCommand.self,
      AuthorityCommand.self,
      CatalogueCommand.self, CanCommand.self,
      WhoCanCommand.self, CompareCommand.self, LintCommand.self, ShowCommand.self, ReportCommand.self,
      BundleCommand.self, AgentCommand.self,
      DemoCommand.self, SchemaCommand.self, VersionCommand.self,
    ])

  func run() async throws {
    guard Console.isTerminal(STDOUT_FILENO) else { throw CleanExit.helpRequest(Self.self) }
    let file = FileOption().file
    Console.out(FirstWords.text(file: FileManager.default.fileExists(atPath: file) ? file : nil))
  }

  static func main() { runAsProgram() }
}
