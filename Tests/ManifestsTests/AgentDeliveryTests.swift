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

  private func pods(_ text: String) throws -> [(title: String, pod: Node)] {
    try ParsedManifest.documents(text).compactMap { object in
      guard let kind = object["kind"]?.string, let pod = object["spec"]?["template"]?["spec"] else {
        return nil
      }
      return ("\(kind)/\(object["metadata"]?["name"]?.string ?? "")", pod)
    }
  }

  /// Checks that the pod's agent writes the credential of the right component to each credential mount.
  private func check(_ text: String) throws {
    for (title, pod) in try pods(text) where title.hasPrefix("DaemonSet") || title.hasPrefix("Deployment") {
      let containers = ["initContainers", "containers"].flatMap { pod[$0]?.sequence ?? [] }
      let users = containers.filter { container in
        (container["volumeMounts"]?.sequence ?? []).contains { $0["mountPath"]?.string == "/calico-secrets" }
      }
      if users.isEmpty { continue }
      let agent = try #require(pod["initContainers"]?.sequence?.first, "\(title)")
      #expect(agent["name"]?.string == "bulkhead-agent" && agent["restartPolicy"]?.string == "Always")
      #expect(agent["startupProbe"] != nil)
      let filled = agent["volumeMounts"]?.sequence ?? []
      let volumes = pod["volumes"]?.sequence ?? []
      for user in users {
        let mount = try #require(
          user["volumeMounts"]?.sequence?.first { $0["mountPath"]?.string == "/calico-secrets" })
        let name = try #require(mount["name"]?.string)
        let volume = try #require(volumes.first { $0["name"]?.string == name })
        #expect(volume["emptyDir"]?["medium"]?.string == "Memory", "\(title) \(name)")
        let component = try #require(
          [
            "calico-node": "calico-node", "install-cni": "cni-plugin",
            "calico-kube-controllers": "kube-controllers",
            "flannel": "flannel", "kube-flannel": "flannel", "install-calico-cni": "cni-plugin",
          ][user["name"]?.string ?? ""])
        #expect(
          filled.contains {
            $0["name"]?.string == name && $0["mountPath"]?.string == "/var/run/bulkhead/\(component)"
          }, "\(title) \(component)")
      }
      #expect(!volumes.contains { $0["secret"] != nil && ($0["name"]?.string)?.contains("etcd") == true })
    }
  }

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
    let result: SegmentedManifest
    do { result = try Samples.segment(text, delivery: Self.agent) } catch let refusal as ManifestRefusal {
      // The oldest installers do not mount the host's folder at that path.
      #expect(refusal.message.contains("mounts nothing at /host/etc/cni/net.d"), "\(refusal.message)")
      return
    }
    try check(result.text)
    let again = try Samples.segment(result.text, delivery: Self.agent)
    #expect(again.isAlreadySegmented && again.text == result.text, "\(again.changes)")
    let node = name.contains("canal") ? "bulkhead-agent-canal-node" : "bulkhead-agent-calico-node"
    let agent = try configuration(result.text, node)
    #expect(
      agent.contains(
        "  - identity: \"cni-plugin.${NODE_NAME}\"\n    directory: /var/run/bulkhead/cni-plugin\n"))
    #expect(agent.contains("    cniCopy: /host/etc/cni/net.d/calico-tls\n"))
    #expect(!result.warnings.contains { $0.kind == .installerRotation })
    // The original lines stay unchanged.
    let kept = Set(text.split(separator: "\n"))
    let lost = kept.subtracting(result.text.split(separator: "\n"))
    #expect(lost.count <= 25, "\(lost)")
    if let controllers = try? configuration(result.text, "bulkhead-agent-calico-kube-controllers") {
      #expect(controllers.contains("keyMode: \"0440\""))
    }
  }

  @Test("existing parts that differ from the generated ones are refused", .enabled(if: Samples.arePresent))
  func refusals() throws {
    let text = try Samples.text("hosted/v3.32.1-calico-etcd.yaml")
    func faults(_ text: String, _ delivery: ManifestOptions.Delivery = Self.agent) -> String {
      do {
        _ = try Samples.segment(text, delivery: delivery)
        return ""
      } catch { return "\(error)" }
    }
    let right = try Samples.segment(text, delivery: Self.agent).text
    #expect(
      faults(right.replacing("https://authority.example:8443", with: "https://other:1")).contains("ConfigMap")
    )
    #expect(faults(right.replacing("/var/run/bulkhead/cni-plugin", with: "/var/run/bulkhead/other")) != "")
    #expect(
      faults(text.replacing("- mountPath: /host/etc/cni/net.d", with: "- mountPath: /host/elsewhere"))
        .contains("mounts nothing at /host/etc/cni/net.d"))
    for placement in [
      AgentPlacement(image: "", source: "x: y", identities: [:], etcdCA: "x"),
      AgentPlacement(image: "a b", source: "x: y", identities: [:], etcdCA: "x"),
      AgentPlacement(image: "x", source: " \n", identities: [:], etcdCA: "x"),
      AgentPlacement(image: "x", source: "x: y", identities: [:], etcdCA: "x"),
    ] { #expect(faults(text, .agent(placement)) != "") }
  }
}
