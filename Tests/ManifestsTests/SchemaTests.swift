import Foundation
import Manifests
import Testing

/// kubernetes-validate of PyPI, which `tools/need-kubernetes-validate` installs.
private enum Schemas {
  static let program = Samples.package.appending(path: ".tools/kubernetes-validate/bin/kubernetes-validate")
  static let arePresent = FileManager.default.isExecutableFile(atPath: program.path)

  /// The errors that it finds, and how many objects are valid.
  static func validate(_ text: String, version: String) throws -> (errors: [String], passed: Int) {
    let folder = FileManager.default.temporaryDirectory.appending(path: "manifests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try Data(text.utf8).write(to: folder.appending(path: "m.yaml"))
    let lines = try Command.run(program.path, ["--strict", "-k", version, "m.yaml"], in: folder).output
      .split(separator: "\n").map(String.init)
    return (lines.filter { !$0.hasPrefix("INFO") }, lines.count { $0.hasPrefix("INFO") })
  }
}

@Suite("schemas of Kubernetes", .enabled(if: Schemas.arePresent, "kubernetes-validate is not installed"))
struct SchemaTests {
  static let versions = (28...34).map { "1.\($0)" } + ["1.37"]

  /// The small manifest lacks fields that Kubernetes requires and the segmenter does not.
  private let small = SmallManifest.whole.replacing(
    "  template:\n", with: "  selector: {matchLabels: {a: b}}\n  template:\n    metadata: {labels: {a: b}}\n")

  private func check(_ text: String, _ version: String) throws {
    let before = try Schemas.validate(text, version: version)
    let hashed = Samples.secrets.map { secret in
      var secret = secret
      secret.hash = String(repeating: "a", count: 64)
      return secret
    }
    for names in [ManifestOptions.SecretNames.hashed, .fixed] {
      var deliveries = [ManifestOptions.Delivery.secrets, .host(folder: "/etc/bulkhead")]
      // The Kubernetes schemas before 1.28 do not know restartable init containers.
      if version != "1.25", !text.contains("name: calicoctl") { deliveries.append(AgentDeliveryTests.agent) }
      for delivery in deliveries {
        let options = ManifestOptions(
          secrets: hashed, secretNames: names, delivery: delivery, placement: .inline)
        let result = try ManifestSegmenter(options: options).segment(text, file: "calico.yaml")
        let after = try Schemas.validate(result.text, version: version)
        #expect(after.errors == before.errors)
        #expect(after.passed >= before.passed - 1, "all but the shared Secret")
      }
    }
  }

  @Test("the admission policy for the tokens' audience is valid", arguments: ["1.30", "1.33", "1.37"])
  func policy(version: String) throws {
    let text = try String(
      contentsOf: Samples.package.appending(path: "Examples/kubernetes/token-policy.yaml"), encoding: .utf8)
    let result = try Schemas.validate(text, version: version)
    #expect(result.errors == [])
    #expect(result.passed == 2)
    let wrong = text.replacing("validationActions: [Deny, Audit]", with: "validationActions: Deny")
    #expect(try !Schemas.validate(wrong, version: version).errors.isEmpty)
  }

  @Test("the manifests of watch are valid", arguments: ["1.25", "1.33", "1.37"])
  func watch(version: String) throws {
    for (file, objects) in [("deployment", 2), ("cronjob", 1)] {
      let text = try String(
        contentsOf: Samples.package.appending(path: "Examples/watch/\(file).yaml"), encoding: .utf8)
      let result = try Schemas.validate(text, version: version)
      #expect(result.errors == [], "\(file)")
      #expect(result.passed == objects, "\(file)")
      let wrong = try Schemas.validate(text.replacing("containers:", with: "container:"), version: version)
      #expect(!wrong.errors.isEmpty)
    }
  }

  @Test("every form of the result is valid", arguments: versions)
  func small(version: String) throws {
    #expect(try Schemas.validate(small, version: version).errors == [])
    try check(small, version)
  }

  @Test(
    "Calico's own manifests are valid", .enabled(if: Samples.arePresent, "../shared/manifests is not there"),
    arguments: [("1.25", "v3.26.5-calico"), ("1.33", "v3.29.7-canal"), ("1.37", "v3.32.1-calicoctl")])
  func hosted(version: String, name: String) throws {
    try check(try Samples.text("hosted/\(name)-etcd.yaml"), version)
  }

  @Test("a wrong field is found")
  func wrong() throws {
    let text = small.replacing("secretName", with: "secretNam")
    #expect(try Schemas.validate(text, version: "1.33").errors.count == 2)
  }
}
