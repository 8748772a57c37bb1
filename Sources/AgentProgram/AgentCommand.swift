import Arguments
import Release

/// `bulkhead agent`.
package struct AgentCommand: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "agent",
    abstract: "Keep a node's certificates current: host service, sidecar or init container.",
    discussion: AgentOptions.discussion(program: "bulkhead agent"))

  @OptionGroup var options: AgentOptions

  package init() {}

  package func run() async throws { try await options.run() }
}

/// `bulkhead-agent`: the same without the other verbs, for hosts and pods.
package struct AgentOnlyCommand: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "bulkhead-agent", abstract: AgentCommand.configuration.abstract,
    discussion: AgentOptions.discussion(program: "bulkhead-agent"), version: Version.current)

  @OptionGroup var options: AgentOptions

  package init() {}

  package func run() async throws { try await options.run() }
}
