import Foundation
import Manifests
import Testing

@Suite("kustomizations", .enabled(if: Command.exists("kubectl"), "kubectl is not installed"))
struct KustomizationTests {
  /// The output of kubectl for a folder with a kustomization, sorted so that the order of its documents does
  /// not depend on their files.
  private func build(_ files: [String: String]) throws -> [String] {
    let built = try kustomize(files)
    try #require(built.status == 0, "\(built.output.suffix(2000))")
    return built.output.components(separatedBy: "\n---\n").map { $0.trimmingCharacters(in: .newlines) }
      .sorted()
  }

  private func kustomize(_ files: [String: String]) throws -> (output: String, status: Int32) {
    let folder = FileManager.default.temporaryDirectory.appending(path: "manifests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, text) in files { try Data(text.utf8).write(to: folder.appending(path: name)) }
    return try Command.run("kubectl", ["kustomize", "."], in: folder)
  }

  private func check(
    _ text: String, delivery: ManifestOptions.Delivery = .secrets,
    sharedSecret: ManifestOptions.SharedSecret = .dropUnpopulated
  ) throws {
    let separate = try Samples.segment(
      text, placement: .separate, sharedSecret: sharedSecret, delivery: delivery)
    let secrets = separate.secrets.isEmpty ? [] : ["secrets.yaml"]
    let agents = separate.configMaps.isEmpty ? [] : ["agents.yaml"]
    let patched = try build([
      "kustomization.yaml": separate.kustomization(resources: ["calico.yaml"] + secrets + agents),
      "calico.yaml": text, "secrets.yaml": separate.secrets, "agents.yaml": separate.configMaps,
    ])
    let inPlace = try build([
      "kustomization.yaml": "resources: [\((["calico.yaml"] + secrets).joined(separator: ", "))]\n",
      "calico.yaml": separate.text, "secrets.yaml": separate.secrets,
    ])
    #expect(patched == inPlace)
    #expect(patched.count { $0.contains("kind: Secret\n") } >= secrets.count)
  }

  @Test("kubectl kustomize gives the same result as the edited text")
  func small() throws {
    try check(SmallManifest.whole)
    try check(SmallManifest.whole, delivery: .host(folder: "/etc/bulkhead"))
    try check(SmallManifest.whole, sharedSecret: .keep)
    try check(SmallManifest.whole, delivery: AgentDeliveryTests.agent)
    for delivery in [ManifestOptions.Delivery.host(folder: "/etc/bulkhead"), AgentDeliveryTests.agent] {
      try check(OtherInstallers.Kubespray().text, delivery: delivery)
      // What is removed on the way back is removed by the patches too.
      try check(Samples.segment(SmallManifest.whole, delivery: delivery).text)
    }
    try check(WrappedManifestTests.list)
    // A configuration of an agent that changes is changed in its place.
    let ways = DeliveryCheck.Way.allCases.map(ModeChangeTests.delivery)
    let original = try ModeChangeTests.text("small")
    for before in ways {
      let text = try Samples.segment(original, delivery: before).text
      for delivery in ways where delivery != before { try check(text, delivery: delivery) }
    }
    guard case .agent(var agent) = AgentDeliveryTests.agent else { return }
    let first = try Samples.segment(SmallManifest.whole, delivery: .agent(agent)).text
    agent.source = agent.source.replacing("8443", with: "9443")
    try check(first, delivery: .agent(agent))
  }

  @Test("a tag of a copied volume stays a tag")
  func tags() throws {
    let text = SmallManifest.whole.replacing("defaultMode: 0400}", with: "defaultMode: !!int \"256\"}")
    #expect(text.contains("!!int"))
    try check(text)
    let result = try Samples.segment(text)
    #expect(!result.kustomization(resources: ["calico.yaml"]).contains("yaml.org"))
  }

  @Test(
    "with Calico's own manifests", .enabled(if: Samples.arePresent, "../shared/manifests is not there"),
    arguments: [Samples.calico[0], Samples.calico[4]] + Samples.canal + [Samples.calicoctl[1]])
  func hosted(name: String) throws { try check(try Samples.text(name)) }

  /// kustomize refuses two resources of one name, so that the agent's ConfigMap is patched.
  @Test("another source, and memory in place of a folder, in a manifest that has agents already")
  func otherAgents() throws {
    guard case .agent(let agent) = AgentDeliveryTests.agent else { return }
    var source = agent
    source.source = agent.source.replacing("8443", with: "9443")
    source.files = ["own.crt": "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----\n"]
    var memory = agent
    memory.folder = nil
    let text = SmallManifest.whole.replacing(
      "- {mountPath: /calico-secrets, name: tls}\n",
      with: "- {mountPath: /calico-secrets, name: tls}\n"
        + "        - {mountPath: /host/etc/cni/net.d, name: cni-net}\n"
    ).replacing(
      "      volumes:\n      - name: tls",
      with: "      volumes:\n      - {name: cni-net, hostPath: {path: /etc/cni/net.d}}\n      - name: tls")
    let first = try Samples.segment(text, delivery: .agent(agent)).text
    for other in [source, memory] {
      try check(first, delivery: .agent(other))
      #expect(try Samples.segment(first, delivery: .agent(other)).configMaps == "")
    }
    try check(Samples.segment(text, delivery: .agent(memory)).text, delivery: .agent(agent))
  }

  /// A pod template whose only annotation is exchanged.
  @Test("from fixed names to agents")
  func annotations() throws {
    let secrets = Samples.secrets.map { secret in
      var secret = secret
      secret.hash = String(repeating: "d", count: 64)
      return secret
    }
    let fixed = try ManifestSegmenter(options: ManifestOptions(secrets: secrets, secretNames: .fixed))
      .segment(SmallManifest.whole, file: "calico.yaml").text
    #expect(fixed.contains("checksum/etcd-certs"))
    try check(fixed, delivery: AgentDeliveryTests.agent)
  }

  @Test("they refuse a manifest that has changed at the edited places")
  func changed() throws {
    let result = try Samples.segment(SmallManifest.whole)
    let files = [
      "kustomization.yaml": result.kustomization(resources: ["calico.yaml"]),
      "calico.yaml": SmallManifest.whole.replacing("secretName: 'shared'", with: "secretName: 'other'"),
    ]
    let built = try kustomize(files)
    #expect(built.status != 0)
    #expect(built.output.contains("/spec/template/spec/volumes/0/secret/secretName failed"))
  }

  @Test("for a segmented manifest they contain only the resources")
  func nothing() throws {
    let segmented = try Samples.segment(SmallManifest.whole).text
    let result = try Samples.segment(segmented)
    #expect(!result.kustomization(resources: ["calico.yaml"]).contains("patch"))
  }
}
