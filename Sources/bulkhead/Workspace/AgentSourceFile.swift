import Agent
import AgentFile
import Files
import StrictYAML

/// The file of `manifest --agent-source` and `bundle --source`, read as the agent will read it.
struct AgentSourceFile {
  let path: String
  let text: String
  /// With a certificate that stands for all.
  let configuration: AgentConfiguration

  /// - Parameters:
  ///   - folder: The folder of `agent.yaml` where the agent runs.
  ///   - environment: The variables that the agent has there.
  /// - Throws: `FileFaults` with the places in this file, or `FileError`.
  init(_ path: String, folder: String, environment: [String: String]) throws {
    self.path = path
    text = try FileContents.readText(path)
    let sample = AgentDelivery(identity: "calico-node", directory: "/var/run/bulkhead/calico-node")
    let file = AgentFile(source: text, certificates: [sample], etcdCA: "\(folder)/etcd-ca.crt")
    do throws(FileFaults) {
      configuration = try AgentConfiguration(
        file.text, file: path, folder: folder, environment: environment)
    } catch {
      let variables = environment.keys.sorted().map { "${\($0)}" }.joined(separator: ", ")
      throw FileFaults(
        file: path, faults: error.faults.map { Self.inSource($0, of: file, variables: variables) })
    }
  }

  /// The fault at its place in the user's file. What is wrong with the lines that Bulkhead adds is wrong because of the
  /// user's: a repeated key.
  /// - Parameter variables: The variables that have a value where the agent runs.
  private static func inSource(_ fault: Fault, of file: AgentFile, variables: String) -> Fault {
    let place = file.place(ofLine: fault.line, column: fault.column) ?? (1, 1)
    let isVariable = fault.message.contains("refers to the environment variable")
    return Fault(
      line: place.line, column: place.column, message: fault.message,
      hint: isVariable ? "where this agent runs, only \(variables) can be used" : fault.hint)
  }
}
