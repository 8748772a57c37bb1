import AgentProgram
import Terminal

/// The agent alone. A first word `agent` is passed over: what calls `bulkhead agent`, such as the pods that
/// `bulkhead manifest --via agent` writes, can call this program instead.
@main enum BulkheadAgent {
  static func main() {
    let words = CommandLine.arguments.dropFirst()
    AgentOnlyCommand.runAsProgram(Array(words.first == "agent" ? words.dropFirst() : words))
  }
}
