import Foundation
import Manifests
import Testing
import YAML

@Suite("credentials from an agent in the pod")
struct AgentDeliveryTests {
  static let agent = ManifestOptions.Delivery.agent(
    AgentPlacement(
      image: "registry.example/bulkhead:0.2.0",
      source: "server:\n  address: https://authority.example:8443\n  ca: /etc/bulkhead-agent/etcd-ca.crt\n",
      identities: [
        "calico-node": "calico-node.${NODE_NAME}", "cni-plugin": "cni-plugin.${NODE_NAME}",
        "kube-controllers": "kube-controllers", "flannel": "flannel",
      ], etcdCA: "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"))
  /// With the mount of the host's folder, as in the installer of Calico's own manifests.
  static let whole = SmallManifest.whole

  private func configuration(_ text: String, _ name: String) throws -> String {
    let maps = try ParsedManifest.documents(text).filter {
      $0["kind"]?.string == "ConfigMap" && $0["metadata"]?["name"]?.string == name
    }
    #expect(maps.count == 1)
    return try #require(maps.first?["data"]?["agent.yaml"]?.string)
  }

  @Test(
    "in Calico's own manifests the agent serves each component's mount, and a second run changes nothing",
    .enabled(if: Samples.arePresent, "../shared/manifests is not there"),
    arguments: Samples.calico + Samples.canal)
  func hosted(name: String) throws {
    let text = try Samples.text(name)
    let result = try Samples.segment(text, delivery: Self.agent)
    #expect(try DeliveryCheck.faults(result.text, .agent) == [])
    let again = try Samples.segment(result.text, delivery: Self.agent)
    #expect(again.isAlreadySegmented && again.text == result.text, "\(again.changes)")
    let node = name.contains("canal") ? "bulkhead-agent-canal-node" : "bulkhead-agent-calico-node"
    let agent = try configuration(result.text, node)
    #expect(
      agent.contains(
        "  - identity: \"cni-plugin.${NODE_NAME}\"\n    directory: /var/run/bulkhead/cni-plugin\n"))
    #expect(agent.contains("    directoryMode: \"0700\"") && !agent.contains("cniCopy"))
    #expect(!result.warnings.contains { $0.kind == .installerRotation })
    // The original lines stay unchanged.
    let kept = Set(text.split(separator: "\n"))
    let lost = kept.subtracting(result.text.split(separator: "\n"))
    #expect(lost.count <= 28, "\(lost)")
    if let controllers = try? configuration(result.text, "bulkhead-agent-calico-kube-controllers") {
      #expect(controllers.contains("keyMode: \"0440\""))
    }
  }

  @Test(
    "parts of others under the agent's names, and wrong options, are refused",
    .enabled(if: Samples.arePresent))
  func refusals() throws {
    let text = try Samples.text("hosted/v3.32.1-calico-etcd.yaml")
    func faults(_ text: String, _ delivery: ManifestOptions.Delivery = Self.agent) -> String {
      do {
        _ = try Samples.segment(text, delivery: delivery)
        return ""
      } catch { return "\(error)" }
    }
    let right = try Samples.segment(text, delivery: Self.agent).text
    // Another's ConfigMap of that name, and another's container.
    #expect(
      faults(
        right.replacing("app.kubernetes.io/managed-by: bulkhead", with: "app: mine")
          .replacing("https://authority.example:8443", with: "https://other:1")
      )
      .contains("Bulkhead did not write it"))
    #expect(
      faults(right.replacing("- bulkhead\n", with: "- other\n")).contains("container bulkhead-agent uses"))
    let other = text.replacing(
      "      containers:\n", with: "      containers:\n        - {name: bulkhead-agent, image: x}\n")
    #expect(faults(other).contains("does not run the agent"))
    guard case .agent(var memory) = Self.agent else { return }
    memory.folder = nil
    #expect(
      faults(
        text.replacing("- mountPath: /host/etc/cni/net.d", with: "- mountPath: /host/elsewhere"),
        .agent(memory)
      )
      .contains("mounts nothing at /host/etc/cni/net.d"))
    for placement in [
      AgentPlacement(image: "", source: "x: y", identities: [:], etcdCA: "x"),
      AgentPlacement(image: "a b", source: "x: y", identities: [:], etcdCA: "x"),
      AgentPlacement(image: "x", source: " \n", identities: [:], etcdCA: "x"),
      AgentPlacement(image: "x", source: "x: y", identities: [:], etcdCA: "x"),
      AgentPlacement(
        image: "x", source: "x: y", identities: memory.identities, etcdCA: "x", files: ["../a": ""]),
      AgentPlacement(
        image: "x", source: "x: y", identities: memory.identities, etcdCA: "x", files: ["agent.yaml": ""]),
      AgentPlacement(image: "x", source: "x: y", identities: memory.identities, etcdCA: "x", secret: "A b"),
      AgentPlacement(image: "x", source: "x: y", identities: memory.identities, etcdCA: "x", folder: "a"),
    ] { #expect(faults(text, .agent(placement)) != "") }
  }

  @Test("the agent's container has what it needs and no more", .enabled(if: Samples.arePresent))
  func container() throws {
    guard case .agent(var agent) = Self.agent else { return }
    let text = try Samples.text("hosted/v3.32.1-calico-etcd.yaml")
    agent.files = ["vault-ca.crt": "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----\n"]
    agent.secret = "vault-login"
    let values = try ParsedManifest(Samples.segment(text, delivery: .agent(agent)).text).values
    func value(_ path: String) -> String? { values["DaemonSet/calico-node.spec.template.spec." + path] }
    let container = "initContainers[bulkhead-agent]."
    // The default token of the service account does not reach it.
    #expect(
      value(container + "volumeMounts[/var/run/secrets/kubernetes.io/serviceaccount].name")
        == "bulkhead-agent-empty (str)")
    #expect(
      value("volumes[bulkhead-agent-token].projected.sources[0].serviceAccountToken.expirationSeconds")
        == "600 (int)")
    #expect(value(container + "volumeMounts[/etc/bulkhead-agent-secret].readOnly") == "true (bool)")
    #expect(value("volumes[bulkhead-agent-secret].secret.defaultMode") == "256 (int)")
    #expect(
      value("volumes[etcd-certs-cni-plugin-agent].hostPath.path") == "/var/lib/bulkhead/cni-plugin (str)")
    #expect(value(container + "securityContext.seLinuxOptions.type") == "spc_t (str)")
    #expect(value(container + "startupProbe.exec.command[4]") == "--probe (str)")
    #expect(values["ConfigMap/bulkhead-agent-calico-node.data.vault-ca.crt"]?.contains("MIIC") == true)
    // A Deployment's pods are not bound to a host, and its agent writes nothing there.
    #expect(!values.keys.contains { $0.contains("Deployment") && $0.contains("seLinuxOptions") })
    agent.needsDefaultToken = true
    let open = try ParsedManifest(Samples.segment(text, delivery: .agent(agent)).text).values
    #expect(!open.keys.contains { $0.contains("kubernetes.io/serviceaccount") })
  }

  @Test("a whole file of the user's keys is the head of agent.yaml; only agents of DaemonSets listen")
  func wholeFile() throws {
    guard case .agent(var agent) = Self.agent else { return }
    agent.source =
      "# mine\nlifetime: 24h\nsource:\n  server: {address: https://a:1}\nlisten: 127.0.0.1:9878\n"
    let text = SmallManifest.whole
    let result = try Samples.segment(text, delivery: .agent(agent)).text
    let node = try configuration(result, "bulkhead-agent-agents")
    #expect(
      node.contains(
        "\n# mine\nlifetime: 24h\nsource:\n  server: {address: https://a:1}\nlisten: 127.0.0.1:9878\n"))
    let controllers = try configuration(result, "bulkhead-agent-controllers")
    #expect(controllers.contains("\nlifetime: 24h\nsource:\n") && !controllers.contains("listen"))
  }
}
