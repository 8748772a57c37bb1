import Agent
import Arguments
import AuthorityServer
import FoundationEssentials
import Reporting
import Terminal

struct SchemaCommand: ParsableCommand {
  enum File: String, ExpressibleByArgument, CaseIterable {
    case bulkhead, agent, metrics

    /// The schema, as in `Sources/bulkhead/Schema`; or an example of the metrics.
    var text: String {
      switch self {
      case .bulkhead: String(decoding: PackageResources.bulkhead_schema_json, as: UTF8.self)
      case .agent: String(decoding: PackageResources.agent_schema_json, as: UTF8.self)
      case .metrics: Self.exampleOfMetrics
      }
    }

    private static var exampleOfMetrics: String {
      let moment = Date(timeIntervalSince1970: 1_800_000_000)
      return [
        ("bulkhead watch", WatchMetrics.example(at: moment)),
        ("bulkhead agent", AgentMetrics.example(at: moment)),
        ("bulkhead authority serve", AuthorityMetrics.example(at: moment)),
      ].map { "## \($0)\n\($1)" }.joined(separator: "\n")
    }
  }

  static let configuration = CommandConfiguration(
    commandName: "schema",
    abstract: "Print the JSON schema of bulkhead.yaml or agent.yaml, for editors and checks, or the metrics.",
    discussion: """
      Draft 7 of json-schema.org. An editor with the YAML language server takes it from the first line of the file:

        # yaml-language-server: $schema=bulkhead.schema.json

      The schema knows the form of the file; 'bulkhead lint' knows what it means.

      'bulkhead schema metrics' prints an example of what watch, agent and authority serve at /metrics.
      """)

  @Argument(help: "The file that the schema describes; metrics for an example of those.") var file = File
    .bulkhead

  func run() {
    // The last newline is the file's own.
    Console.write(file.text, to: 1)
  }
}
