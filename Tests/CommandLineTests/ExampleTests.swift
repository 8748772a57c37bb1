import Foundation
import TestSupport
import Testing

/// The files in Examples/, run unchanged.
@Suite struct ExampleTests {
  private static let examples = "\(Program.root)/Examples"
  private static let manifest = "\(Program.root)/Sources/bulkhead/Example/calico-etcd.yaml"
  private static let hasKubectl = ["\(Program.root)/.tools/bin", "/usr/bin", "/usr/local/bin"].contains {
    FileManager.default.isExecutableFile(atPath: "\($0)/kubectl")
  }

  private static let units = [
    "systemd/bulkhead-signer.service", "systemd/bulkhead-front.service", "systemd/bulkhead-crl.service",
    "systemd/bulkhead-agent.service", "watch/bulkhead-watch.service", "watch/bulkhead-check.service",
  ]

  private let names = ["calico-node", "calico-cni", "calico-kube-controllers"].map { "\($0)-etcd-secrets" }

  private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

  /// With the built program first on the PATH.
  private func shell(_ command: String, in folder: String, input: String? = nil) throws -> Program.Outcome {
    let own = URL(fileURLWithPath: Program.path).deletingLastPathComponent().path
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    return try Program.run(
      "/bin/sh", ["-c", command], in: folder, input: input,
      environment: ["PATH": "\(own):\(Program.root)/.tools/bin:\(path)"])
  }

  /// The exposure of a unit from 0 to 10, in tenths; `systemd-analyze security` compares it with a threshold.
  @Test(
    .enabled(
      if: FileManager.default.isExecutableFile(atPath: "/usr/bin/systemd-analyze"), "no systemd-analyze"),
    arguments: units)
  func theUnitsAreHardened(unit: String) throws {
    func exposure(_ path: String) throws -> Program.Outcome {
      try Program.run(
        "/usr/bin/systemd-analyze",
        ["security", "--offline=true", "--no-pager", "--threshold=20", path], in: Program.root)
    }
    let checked = try exposure("\(Self.examples)/\(unit)")
    #expect(checked.code == 0, "\(checked.all)")
    // The check can fail.
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/open.service"
    try "[Service]\nExecStart=/bin/true\n".write(toFile: path, atomically: true, encoding: .utf8)
    #expect(try exposure(path).code != 0)
  }

  /// Each verb and option of the units exists.
  @Test func theUnitsCallTheProgramAsItIs() throws {
    for unit in Self.units {
      let start = try #require(
        text("\(Self.examples)/\(unit)").firstMatch(of: /ExecStart=\S+(bulkhead|bulkhead-agent) (.*)/))
      let words = (start.1 == "bulkhead" ? [] : ["agent"]) + start.2.split(separator: " ").map(String.init)
      let verbs = Array(words.prefix { !$0.hasPrefix("--") })
      let help = try Program.run(Program.path, verbs + ["--help"], in: Self.examples)
      #expect(help.code == 0, "\(verbs)")
      for option in words where option.hasPrefix("--") {
        #expect(help.out.contains("\(option) "), "\(unit): \(option)")
      }
    }
    let checked = try Program.bulkhead(
      "agent", "--check", "--config", "systemd/member-agent.yaml", in: Self.examples)
    #expect(checked.code == 1, "there is no list on this machine: \(checked.all)")
    #expect(checked.out.contains("revocation list"), "\(checked.all)")
  }

  @Test func theKustomizationEqualsTheProgramsOutput() throws {
    let folder = try TemporaryFolder()
    for _ in 1...2 {
      let made = try Program.bulkhead(
        "manifest", Self.manifest, "--secrets", "none", "--kustomize", "segmented", in: folder.path)
      #expect(made.code == 0, "\(made.error)")
    }
    for file in ["kustomization.yaml", "calico-etcd.yaml"] {
      #expect(
        try text("\(folder.path)/segmented/\(file)") == text("\(Self.examples)/kustomize/segmented/\(file)"))
    }
    try "resources: []\n".write(
      toFile: "\(folder.path)/segmented/kustomization.yaml", atomically: true, encoding: .utf8)
    let refused = try Program.bulkhead(
      "manifest", Self.manifest, "--secrets", "none", "--kustomize", "segmented", in: folder.path)
    #expect(refused.code == 1)
    #expect(try text("\(folder.path)/segmented/kustomization.yaml") == "resources: []\n")
  }

  @Test(.enabled(if: hasKubectl, "kubectl is not installed"))
  func kubectlBuildsTheKustomization() throws {
    let built = try shell("kubectl kustomize \(Self.examples)/kustomize", in: Program.root)
    #expect(built.code == 0, "\(built.error)")
    for name in names { #expect(built.out.contains("secretName: \(name)\n")) }
    #expect(!built.out.contains("calico-etcd-secrets"))
    #expect(built.out.contains("example.com/owner: network-team"))
  }

  /// A function gets a ResourceList, and its errors appear in it and on standard error.
  @Test func theFunctionAnswersWithAResourceList() throws {
    let items = try text(Self.manifest).components(separatedBy: "\n---\n").map { document in
      let lines = document.split(separator: "\n").filter { !$0.hasPrefix("#") && $0 != "---" }
      return "- " + lines.joined(separator: "\n  ")
    }
    let configuration = try text("\(Self.examples)/krm/function.yaml").split(separator: "\n")
      .filter { !$0.hasPrefix("#") }.joined(separator: "\n  ")
    let list =
      "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n\(items.joined(separator: "\n"))\n"
      + "functionConfig:\n  \(configuration)\n"
    let folder = try TemporaryFolder()
    let outcome = try shell("\(Self.examples)/krm/segment-etcd", in: folder.path, input: list)
    #expect(outcome.code == 0, "\(outcome.error)")
    #expect(outcome.error.isEmpty)
    for name in names { #expect(outcome.out.contains("secretName: \(name)\n")) }
    #expect(outcome.out.contains("\nresults:\n"))
    #expect(outcome.out.contains("severity: info"))

    let wrong = list.replacingOccurrences(
      of: "name: calico-node\n      image", with: "name: felix\n      image"
    )
    .replacingOccurrences(of: "- name: calico-node", with: "- name: felix")
    let refused = try shell("\(Self.examples)/krm/segment-etcd", in: folder.path, input: wrong)
    #expect(refused.code == 1)
    #expect(refused.error.contains("container felix"))
    #expect(refused.out.contains("severity: error"))
    let mapped = wrong.replacingOccurrences(of: "components: \"\"", with: "components: felix=calico-node")
    #expect(try shell("\(Self.examples)/krm/segment-etcd", in: folder.path, input: mapped).code == 0)
  }

  /// Helm adds an annotation to each document and needs it in the output.
  @Test func thePostRendererKeepsHelmsAnnotations() throws {
    let plugin = try text("\(Self.examples)/helm/plugin.yaml")
    let command = try #require(plugin.firstMatch(of: /command: (\S+)\n/)?.1)
    let arguments = try #require(plugin.firstMatch(of: /args: \[(.*)\]\n/)?.1).replacingOccurrences(
      of: ",", with: "")
    let annotation = "postrenderer.helm.sh/postrender-filename: templates/x.yaml"
    let input = try text(Self.manifest).replacingOccurrences(
      of: "metadata:\n  name", with: "metadata:\n  annotations:\n    \(annotation)\n  name")
    let folder = try TemporaryFolder()
    let outcome = try shell("\(command) \(arguments)", in: folder.path, input: input)
    #expect(outcome.code == 0, "\(outcome.error)")
    for name in names { #expect(outcome.out.contains("secretName: \(name)\n")) }
    let given = input.components(separatedBy: annotation).count
    #expect(given > 2)
    #expect(
      outcome.out.components(separatedBy: annotation).count == given - 1, "the shared Secret's alone goes")
  }
}
