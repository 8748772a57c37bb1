import Files
import FoundationEssentials
import Manifests
import Terminal

/// The result of `manifest` as a folder for kustomize: the unchanged manifest, the Secrets, and a
/// kustomization that patches the manifest and adds the Secrets.
struct KustomizeForm {
  let folder: String
  let manifest: String
  /// The path of the Secrets' file: nil for `secrets.yaml` in the folder, `none` for no file.
  let secrets: String?

  private var name: String {
    manifest == "-" ? "manifest.yaml" : URL(fileURLWithPath: manifest).lastPathComponent
  }

  func write(_ segmented: SegmentedManifest, of text: String) throws {
    let kustomization = "\(folder)/kustomization.yaml"
    var own: [String] = []
    if let found = try FileContents.readIfPresent(kustomization) {
      guard
        let files = SegmentedManifest.resources(ofKustomization: String(decoding: found, as: UTF8.self))
      else {
        throw CommandError(
          "\(kustomization) already exists and was not written by bulkhead",
          hint: "name another folder, and add it to your kustomization's resources")
      }
      own = files
    }
    guard name != "kustomization.yaml", name != secretsName, name != Self.agentsName else {
      throw CommandError(
        "the manifest's name \(name) is that of another file in \(folder)", hint: "rename the manifest")
    }
    if let secretsName {
      guard secretsName != "kustomization.yaml", secretsName != Self.agentsName else {
        throw CommandError(
          "--secrets \(secretsName) is the name of another file in \(folder)", hint: "give another name")
      }
      if !segmented.secrets.isEmpty { try ManifestOutputs.checkSecrets("\(folder)/\(secretsName)") }
    }
    try ManifestOutputs.check("\(folder)/\(name)", for: text, isOwn: own.contains(name))
    if !segmented.configMaps.isEmpty {
      try ManifestOutputs.check(
        "\(folder)/\(Self.agentsName)", for: segmented.configMaps, isOwn: own.contains(Self.agentsName))
    }
    guard segmented.replacedSecrets.isEmpty else {
      throw CommandError(
        "\(name) holds an earlier \(segmented.replacedSecrets.joined(separator: ", ")), and kustomize takes no second "
          + "object of the same name",
        hint: "remove the documents of these Secrets from \(name); the new ones come in a file of their own")
    }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    var resources = [name]
    if let secretsName, !segmented.secrets.isEmpty {
      resources.append(secretsName)
      try AtomicFile.write(Array(segmented.secrets.utf8), to: "\(folder)/\(secretsName)", mode: 0o600)
      Console.note("\(folder)/\(secretsName): the Secrets, mode 0600")
    }
    if !segmented.configMaps.isEmpty {
      resources.append(Self.agentsName)
      try AtomicFile.write(Array(segmented.configMaps.utf8), to: "\(folder)/\(Self.agentsName)", mode: 0o644)
    }
    try AtomicFile.write(
      Array(text.utf8), to: "\(folder)/\(name)", mode: segmented.originalHoldsCredentials ? 0o600 : 0o644)
    try AtomicFile.write(
      Array(segmented.kustomization(resources: resources).utf8), to: kustomization, mode: 0o644)
    Console.note("\(kustomization): for kubectl apply --server-side -k \(folder)")
  }

  /// The file of the ConfigMaps of `--via agent`.
  private static let agentsName = "agents.yaml"

  /// kustomize reads no files outside its folder.
  private var secretsName: String? {
    switch secrets {
    case nil: "secrets.yaml"
    case "none": nil
    case let path?: URL(fileURLWithPath: path).lastPathComponent
    }
  }
}
