import Arguments
import Terminal

struct SchemaCommand: ParsableCommand {
  enum File: String, ExpressibleByArgument, CaseIterable {
    case bulkhead, agent

    /// The schema, as in `Sources/bulkhead/Schema`.
    var text: String {
      let bytes =
        switch self {
        case .bulkhead: PackageResources.bulkhead_schema_json
        case .agent: PackageResources.agent_schema_json
        }
      return String(decoding: bytes, as: UTF8.self)
    }
  }

  static let configuration = CommandConfiguration(
    commandName: "schema",
    abstract: "Print the JSON schema of bulkhead.yaml or agent.yaml, for editors and checks.",
    discussion: """
      Draft 7 of json-schema.org. An editor with the YAML language server takes it from the first line of the file:

        # yaml-language-server: $schema=bulkhead.schema.json

      The schema knows the form of the file; 'bulkhead lint' knows what it means.
      """)

  @Argument(help: "The file that the schema describes.") var file = File.bulkhead

  func run() {
    // The last newline is the file's own.
    Console.write(file.text, to: 1)
  }
}
