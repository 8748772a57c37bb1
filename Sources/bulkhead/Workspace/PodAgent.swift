import Agent
import AgentFile
import Arguments
import Files
import FoundationEssentials
import Manifests
import Reporting
import Terminal

/// What `manifest --via agent` puts into pods besides the agent, checked against what the agent will read there.
struct PodAgent {
  let source: AgentSourceFile
  /// The files of its ConfigMap, by name.
  let files: [String: String]
  /// Whether it reads the default token of the pod's service account.
  let needsDefaultToken: Bool

  private static let configuration = AgentPlacement.configurationFolder
  private static let secrets = AgentPlacement.secretFolder
  private static let defaultToken = "/var/run/secrets/kubernetes.io/serviceaccount"

  init(source path: String, files: [String], secret: String?) throws {
    source = try AgentSourceFile(
      path, folder: Self.configuration, environment: [AgentFile.kubernetesNode: "node"])
    self.files = try Self.contents(of: files)
    let read = source.configuration.sourceFiles
    needsDefaultToken = read.contains { $0.hasPrefix(Self.defaultToken + "/") }
    for file in read { try check(file, secret: secret) }
    for name in self.files.keys.sorted() where !read.contains("\(Self.configuration)/\(name)") {
      throw ValidationError(
        "--agent-file \(name) has no effect: \(path) does not name \(Self.configuration)/\(name)")
    }
    if let secret, !read.contains(where: { $0.hasPrefix(Self.secrets + "/") }) {
      throw ValidationError(
        "--agent-secret \(secret) has no effect: \(path) names no file in \(Self.secrets)")
    }
    if let written = source.configuration.writtenSecret,
      [Self.configuration, Self.secrets].contains(where: { written.hasPrefix($0 + "/") })
    {
      throw CommandError(
        "the agent would write the secret id to \(written), which it cannot write in a pod",
        hint:
          "leave out wrappedSecretId, and put the secret id into the Secret of --agent-secret; or log in with jwt"
      )
    }
  }

  private static func contents(of files: [String]) throws -> [String: String] {
    var contents: [String: String] = [:]
    for entry in files {
      let parts = entry.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else {
        throw ValidationError("--agent-file takes NAME=FILE, found '\(entry)'")
      }
      let text = try FileContents.readText(parts[1], limit: 1 << 19)
      guard !text.contains("PRIVATE KEY-----") else {
        throw CommandError(
          "\(parts[1]) holds a private key, and a ConfigMap is readable by many",
          hint: "put it into a Secret: --agent-secret NAME, and name \(secrets)/\(parts[0]) in the source")
      }
      guard contents.updateValue(text, forKey: parts[0]) == nil else {
        throw ValidationError("--agent-file \(parts[0]) is given twice")
      }
    }
    return contents
  }

  /// Whether a file that the agent reads will be in its container.
  private func check(_ file: String, secret: String?) throws {
    func name(in folder: String) -> String? {
      file.hasPrefix(folder + "/") ? String(file.dropFirst(folder.count + 1)) : nil
    }
    if let name = name(in: Self.configuration), files[name] == nil, name != "etcd-ca.crt" {
      throw CommandError(
        "\(source.path) names \(file), which would not be in the pod",
        hint: "give it: --agent-file \(name)=FILE")
    }
    if let name = name(in: Self.secrets), secret == nil {
      throw CommandError(
        "\(source.path) names \(file), which would not be in the pod",
        hint: "name a Secret with the key \(name): --agent-secret SECRET")
    }
    let known = [Self.configuration, Self.secrets, Self.defaultToken]
    if file != AgentPlacement.tokenFile, !known.contains(where: { file.hasPrefix($0 + "/") }) {
      Console.note(
        "\(Console.errorStyle.caution("warning:")) \(source.path) names \(file): it has to be in the image\n"
          + "hint: --agent-file gives the pod a file in \(Self.configuration), --agent-secret one in \(Self.secrets)"
      )
    }
  }
}
