import Foundation
import Manifests

/// Calico's own manifests and difficult variants of them, which are not part of the project.
enum Samples {
  static let package = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  static let folder = package.deletingLastPathComponent().appending(path: "shared/manifests")

  static let arePresent = FileManager.default.fileExists(atPath: folder.path)

  static let calico = ["v3.1.7", "v3.9.6", "v3.15.5", "v3.26.5", "v3.32.1"].map {
    "hosted/\($0)-calico-etcd.yaml"
  }
  static let canal = ["v3.20.6", "v3.29.7"].map { "hosted/\($0)-canal-etcd.yaml" }
  static let calicoctl = ["v3.24.6", "v3.32.1"].map { "hosted/\($0)-calicoctl-etcd.yaml" }

  static func text(_ name: String) throws -> String {
    String(decoding: try Data(contentsOf: folder.appending(path: name)), as: UTF8.self)
  }

  /// Different fake credentials for all components.
  static let secrets: [ComponentSecret] = ComponentSecret.defaults.map { secret in
    var secret = secret
    func pem(_ label: String, _ text: String) -> [UInt8] {
      Array("-----BEGIN \(label)-----\n\(text) \(secret.component)\n-----END \(label)-----\n".utf8)
    }
    secret.material = ComponentSecret.Material(
      ca: pem("CERTIFICATE", "authority"), certificate: pem("CERTIFICATE", "certificate of"),
      key: pem("FAKE KEY", "key of"))
    return secret
  }

  static func segment(
    _ text: String, placement: ManifestOptions.SecretPlacement = .none,
    sharedSecret: ManifestOptions.SharedSecret = .dropUnpopulated, components: [String: String] = [:],
    delivery: ManifestOptions.Delivery = .secrets, secretNames: ManifestOptions.SecretNames = .hashed
  ) throws -> SegmentedManifest {
    // Names with a hash, and annotations with one, need it.
    let secrets =
      secretNames == .hashed
      ? secrets
      : secrets.map { secret in
        var secret = secret
        secret.hash = String(repeating: "0123456789abcdef", count: 4)
        return secret
      }
    let options = ManifestOptions(
      secrets: secrets, secretNames: secretNames, delivery: delivery, placement: placement,
      sharedSecret: sharedSecret,
      components: components)
    return try ManifestSegmenter(options: options).segment(text, file: "calico.yaml")
  }

  /// The faults for which a text is refused; empty if it is not.
  static func faults(_ text: String, components: [String: String] = [:]) -> [String] {
    do {
      _ = try segment(text, placement: .inline, components: components)
      return []
    } catch let refusal as ManifestRefusal {
      return refusal.faults.map(\.description)
    } catch {
      return ["\(error)"]
    }
  }
}

/// Lines that only one of two texts contains, by the system's `diff`: removed ones and added ones.
struct LineDifference: Equatable {
  var removed: [String] = []
  var added: [String] = []

  init(_ old: String, _ new: String) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "manifests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try Data(old.utf8).write(to: folder.appending(path: "old"))
    try Data(new.utf8).write(to: folder.appending(path: "new"))
    let output = try Command.run("diff", ["--minimal", "old", "new"], in: folder).output
    for line in output.split(separator: "\n") {
      if line.hasPrefix("< ") { removed.append(String(line.dropFirst(2))) }
      if line.hasPrefix("> ") { added.append(String(line.dropFirst(2))) }
    }
  }
}

/// A program of the system.
enum Command {
  static func exists(_ name: String) -> Bool {
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").contains {
      FileManager.default.isExecutableFile(atPath: "\($0)/\(name)")
    }
  }

  static func run(_ name: String, _ arguments: [String], in folder: URL) throws -> (
    output: String, status: Int32
  ) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [name] + arguments
    process.currentDirectoryURL = folder
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (String(decoding: data, as: UTF8.self), process.terminationStatus)
  }
}
