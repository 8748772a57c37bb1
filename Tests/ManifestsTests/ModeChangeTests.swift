import Manifests
import Testing

/// Each way of delivery, and each change from one to another, judged by ``DeliveryCheck``.
@Suite("ways of delivery")
struct ModeChangeTests {
  static func delivery(_ way: DeliveryCheck.Way) -> ManifestOptions.Delivery {
    switch way {
    case .secret: return .secrets
    case .host: return .host(folder: "/etc/bulkhead")
    case .agent: return AgentDeliveryTests.agent
    case .memory:
      guard case .agent(var agent) = AgentDeliveryTests.agent else { return .secrets }
      agent.folder = nil
      return .agent(agent)
    }
  }

  /// The manifests that take every way.
  static let names =
    ["small"] + (Samples.arePresent ? ["v3.15.5-calico", "v3.32.1-calico", "v3.29.7-canal"] : [])

  static func text(_ name: String) throws -> String {
    guard name == "small" else { return try Samples.text("hosted/\(name)-etcd.yaml") }
    let mount = "- {mountPath: /calico-secrets, name: tls}\n"
    return SmallManifest.whole
      .replacing(mount, with: mount + "        - {mountPath: /host/etc/cni/net.d, name: cni-net}\n")
      .replacing(
        "      volumes:\n      - name: tls",
        with: "      volumes:\n      - {name: cni-net, hostPath: {path: /etc/cni/net.d}}\n      - name: tls")
  }

  private func change(_ text: String, to way: DeliveryCheck.Way, _ what: String) throws -> String {
    let result: SegmentedManifest
    do {
      result = try Samples.segment(text, delivery: Self.delivery(way))
    } catch {
      Issue.record("\(what): \(error)")
      throw error
    }
    #expect(try DeliveryCheck.faults(result.text, way) == [], "\(what)")
    let again = try Samples.segment(result.text, delivery: Self.delivery(way))
    #expect(again.isAlreadySegmented, "\(what): \(again.changes)")
    return result.text
  }

  @Test(
    "each change between two ways gives what the new way asks for, with nothing left of the old one",
    arguments: names)
  func between(name: String) throws {
    let text = try Self.text(name)
    for first in DeliveryCheck.Way.allCases {
      let one = try change(text, to: first, "\(name) to \(first)")
      for second in DeliveryCheck.Way.allCases where second != first {
        let two = try change(one, to: second, "\(name) \(first) to \(second)")
        let three = try change(two, to: first, "\(name) \(first) to \(second) and back")
        if name != "small" { continue }
        // Names do not grow with each change.
        let four = try change(three, to: second, "\(name) \(first) to \(second), twice")
        #expect(try change(four, to: first, "\(name) \(first) to \(second) and back, twice") == three)
      }
    }
  }

  @Test("a CNI configuration that goes on in other lines, in quotes, gets the paths of each way")
  func folded() throws {
    // As PyYAML and others write long texts, with a field divided by the end of a line.
    let block = try #require(SmallManifest.whole.firstMatch(of: #/  cni: \|\n(    .*\n)+/#)).output.0
    let texts = [
      "  cni: \"{\\\"type\\\": \\\"calico\\\", \\\"etcd_key_file\\\":\\\n    \\ \\\"__ETCD_KEY_FILE__\\\",\\n \\\"etcd_cert_file\\\"\\\n"
        + "    : \\\"__ETCD_CERT_FILE__\\\",\\n \\\"etcd_ca_cert_file\\\": \\\"__ETCD_\\\n    CA_CERT_FILE__\\\"}\\n\"\n",
      "  cni: '{\"type\": \"calico\", \"etcd_key_file\":\n    \"__ETCD_KEY_FILE__\",\n\n    \"etcd_cert_file\": \"__ETCD_CERT_FILE__\",\n"
        + "    \"etcd_ca_cert_file\": \"__ETCD_CA_CERT_FILE__\"}'\n",
    ]
    for written in texts {
      let text = try Self.text("small").replacing(block, with: written)
      #expect(text.contains(written))
      let without = try ParsedManifest(text).values
      for first in DeliveryCheck.Way.allCases {
        let one = try change(text, to: first, "to \(first)")
        for second in DeliveryCheck.Way.allCases where second != first {
          let back = try change(change(one, to: second, "\(first) to \(second)"), to: .secret, "and back")
          // All else in it is as before.
          #expect(
            try ParsedManifest(back).values["ConfigMap/settings.data.cni"]
              == without["ConfigMap/settings.data.cni"])
        }
      }
    }
  }

  /// The annotation with the hashes of fixed names is the pod template's only one, or stands beside others.
  @Test(
    "from Secrets with fixed names to each other way and back, no annotation of the old way is left",
    arguments: names)
  func fixedNames(name: String) throws {
    let secrets = Samples.secrets.map { secret in
      var secret = secret
      secret.hash = String(repeating: "d", count: 64)
      return secret
    }
    func segment(
      _ text: String, _ way: DeliveryCheck.Way, _ names: ManifestOptions.SecretNames = .hashed
    ) throws -> SegmentedManifest {
      let options = ManifestOptions(secrets: secrets, secretNames: names, delivery: Self.delivery(way))
      return try ManifestSegmenter(options: options).segment(text, file: "calico.yaml")
    }
    let checksum = "checksum/etcd-certs"
    let text = try Self.text(name)
    let annotated = text.replacing(
      "  template:\n    spec:\n",
      with: "  template:\n    metadata:\n      annotations: {a/b: 'c'}\n    spec:\n")
    let variants = name == "small" ? [text, annotated] : [text]
    for text in variants {
      let fixed = try segment(text, .secret, .fixed).text
      #expect(fixed.contains(checksum))
      for way in DeliveryCheck.Way.allCases {
        // With hashed names the Deployment's annotation would go stale.
        let other = try segment(fixed, way).text
        #expect(!other.contains(checksum), "\(way)")
        #expect(try segment(other, way).isAlreadySegmented)
        let back = try segment(other, .secret, .fixed).text
        #expect(back.contains(checksum) && !back.contains("checksum/bulkhead-agent"), "\(way)")
        #expect(try segment(back, .secret, .fixed).isAlreadySegmented)
        #expect(back.contains("annotations: {a/b") == fixed.contains("annotations: {a/b"))
        if way == .agent || way == .memory { #expect(other.contains("checksum/bulkhead-agent")) }
      }
      // Where the hashes are not known, the annotation may still be right.
      #expect(try Samples.segment(fixed).isAlreadySegmented)
    }
  }

  /// As programs write it that read and write YAML: quoted, with line ends within the fields.
  @Test("a CNI configuration that is folded in quotes gets its paths in each way")
  func foldedConfiguration() throws {
    let small = try Self.text("small")
    let block = try #require(small.firstRange(of: #/  cni: \|\n(    .*\n)+/#))
    let doubled = #"""
        cni: "{\"type\": \"calico\", \"etcd_key_file\"\
          \ : \"__ETCD_KEY_FILE__\",\n \"etcd_cert_file\": \"__ETCD_CERT_FILE__\",\
          \n \"etcd_ca_cert_file\"\
          \ : \"__ETCD_CA_CERT_FILE__\"}\n"

      """#
    let single = """
        cni: '{"type": "calico", "etcd_key_file"
          : "__ETCD_KEY_FILE__", "etcd_cert_file": "__ETCD_CERT_FILE__",

          "etcd_ca_cert_file": "__ETCD_CA_CERT_FILE__"}'

      """
    for folded in [doubled, single] {
      var text = small
      text.replaceSubrange(block, with: folded)
      for way in DeliveryCheck.Way.allCases {
        let one = try change(text, to: way, "folded, to \(way)")
        for other in DeliveryCheck.Way.allCases where other != way {
          _ = try change(one, to: other, "folded, \(way) to \(other)")
        }
      }
    }
  }

  @Test("another image, configuration or folder changes the pods and rolls them out")
  func updates() throws {
    let text = try Self.text("small")
    let first = try Samples.segment(text, delivery: AgentDeliveryTests.agent).text
    guard case .agent(let agent) = AgentDeliveryTests.agent else { return }
    func changed(_ change: (inout AgentPlacement) -> Void) throws -> [String] {
      var other = agent
      change(&other)
      let second = try Samples.segment(first, delivery: .agent(other)).text
      #expect(try DeliveryCheck.faults(second, .agent).filter { !$0.contains("/srv/keys") } == [])
      #expect(try Samples.segment(second, delivery: .agent(other)).isAlreadySegmented)
      return try ParsedManifest.changes(from: first, to: second)
    }
    let digest = "checksum/bulkhead-agent"
    let image = try changed { $0.image = "registry.example/bulkhead:0.3.0" }
    #expect(image.count == 2 && image.allSatisfy { $0.contains("[bulkhead-agent].image") }, "\(image)")
    let source = try changed { $0.source = $0.source.replacing("8443", with: "9443") }
    #expect(source.count { $0.contains(digest) } == 2 && source.count { $0.contains("agent.yaml") } == 2)
    let files = try changed { $0.files = ["vault-ca.crt": "-----BEGIN CERTIFICATE-----\n"] }
    #expect(files.count { $0.contains(digest) } == 2 && files.count { $0.contains("data.vault-ca.crt") } == 2)
    let secret = try changed { $0.secret = "vault-login" }
    #expect(secret.contains { $0.contains("volumes[bulkhead-agent-secret].secret.secretName") })
    let token = try changed { $0.needsDefaultToken = true }
    #expect(
      !token.isEmpty
        && token.allSatisfy { $0.contains("bulkhead-agent-empty") || $0.contains("serviceaccount") })
    // What others add to the agent's container stays.
    let own = first.replacing(
      "          restartPolicy: Always\n",
      with: "          restartPolicy: Always\n          imagePullPolicy: Always\n")
    var other = agent
    other.image = "registry.example/bulkhead:0.3.0"
    let kept = try Samples.segment(own, delivery: .agent(other)).text
    #expect(own != first && kept.contains("imagePullPolicy: Always") && kept.contains("bulkhead:0.3.0"))
  }

  @Test(
    "kubespray, kubeasz and manifests with other paths take their credentials from the hosts and from agents")
  func installers() throws {
    var spray = OtherInstallers.Kubespray()
    spray.certificates = "/srv/keys"
    let texts = [
      OtherInstallers.Kubespray().text, spray.text, OtherInstallers.kubeasz(), OtherInstallers.literal(),
    ]
    for text in texts {
      for way in [DeliveryCheck.Way.host, .agent] {
        let one = try change(text, to: way, "to \(way)")
        let other = way == .host ? DeliveryCheck.Way.agent : .host
        let two = try change(one, to: other, "\(way) to \(other)")
        #expect(!two.contains("cert.crt") && !two.contains("key.pem") && !two.contains("/srv/keys\""))
        #expect(!two.contains("/etc/calico/ssl") && !two.contains("/srv/calico"))
      }
    }
    // The installer of kubespray has no mount from which it could copy a Secret.
    let refused = Samples.faults(texts[0])
    #expect(refused.count == 1 && refused[0].contains("has ETCD_ENDPOINTS and mounts nothing"), "\(refused)")
    for text in texts[2...] { _ = try change(text, to: .secret, "to secrets") }
  }

  @Test("credentials that stay on the hosts are named, with the command that removes them")
  func leftovers() throws {
    let text = try Self.text("small")
    func named(_ text: String, _ way: DeliveryCheck.Way) throws -> (warnings: [String], steps: String) {
      let result = try Samples.segment(text, delivery: Self.delivery(way))
      return (
        result.warnings.filter { $0.kind == .hostLeftovers }.map { "\($0.message) | \($0.hint)" },
        result.runbook(of: "calico.yaml")
      )
    }
    let agent = try Samples.segment(text, delivery: Self.delivery(.agent)).text
    let host = try Samples.segment(text, delivery: Self.delivery(.host)).text
    let ofAgent = "rm -rf -- /var/lib/bulkhead/calico-node /var/lib/bulkhead/cni-plugin"
    let ofHost = "rm -rf -- /etc/bulkhead/calico-node /etc/bulkhead/cni-plugin"
    for (before, command, ways) in [
      (agent, ofAgent, [DeliveryCheck.Way.secret, .host, .memory]),
      (host, ofHost, [.secret, .agent, .memory]),
    ] {
      for way in ways {
        let (warnings, steps) = try named(before, way)
        #expect(
          warnings.count == 1 && warnings[0].contains("leaves credentials on each host")
            && warnings[0].hasSuffix("on each host: \(command)"), "\(way): \(warnings)")
        #expect(
          steps.contains("\n\(command)   # on each host") && steps.contains("Last: the credentials that stay")
        )
      }
    }
    for (before, way) in [(text, DeliveryCheck.Way.agent), (text, .host), (agent, .agent), (host, .host)] {
      let (warnings, steps) = try named(before, way)
      #expect(warnings == [] && !steps.contains("rm -rf"), "\(way): \(warnings)")
    }
    // Another folder of the same way.
    guard case .agent(var moved) = Self.delivery(.agent) else { return }
    moved.folder = "/srv/keys"
    let odd = try Samples.segment(text, delivery: .agent(moved))
    let back = try Samples.segment(odd.text, delivery: Self.delivery(.agent))
    let hint = back.warnings.first { $0.kind == .hostLeftovers }?.hint ?? ""
    #expect(hint.contains("rm -rf -- /srv/keys/calico-node /srv/keys/cni-plugin"), "\(hint)")
    // The user's own folder is not named: others may use it.
    let spray = try Samples.segment(OtherInstallers.Kubespray().text, delivery: Self.delivery(.host))
    #expect(!spray.warnings.contains { $0.kind == .hostLeftovers }, "\(spray.warnings)")
  }

  @Test("nodes with another name in Kubernetes ask by their name in Calico, and a new node restarts no other")
  func nodeNames() throws {
    guard case .agent(var agent) = Self.delivery(.agent) else { return }
    for component in ["calico-node", "cni-plugin"] {
      agent.identities[component] = "\(component).${CALICO_NODE_NAME}"
    }
    agent.nodeNames = ["ip-1.internal": "host-1"]
    let text = try Self.text("small")
    let first = try Samples.segment(text, delivery: .agent(agent)).text
    let maps = try ParsedManifest(first).values.filter { $0.key.hasSuffix("data.agent.yaml") }
    #expect(maps.count == 2)
    #expect(
      maps["ConfigMap/bulkhead-agent-agents.data.agent.yaml"]?.contains(
        "nodeNames:\n  \"ip-1.internal\": \"host-1\"") == true)
    #expect(maps["ConfigMap/bulkhead-agent-controllers.data.agent.yaml"]?.contains("nodeNames") == false)
    agent.nodeNames["ip-2.internal"] = "host-2"
    let second = try Samples.segment(first, delivery: .agent(agent)).text
    let changes = try ParsedManifest.changes(from: first, to: second)
    #expect(
      changes.count == 1 && changes[0].hasPrefix("ConfigMap/bulkhead-agent-agents.data.agent.yaml"),
      "\(changes)")
    #expect(try Samples.segment(second, delivery: .agent(agent)).isAlreadySegmented)
    for index in 0..<30_000 { agent.nodeNames["ip-\(index).internal"] = "host-\(index)" }
    #expect(throws: ManifestRefusal.self) { try Samples.segment(text, delivery: .agent(agent)) }
  }

  @Test("the network's name is compared with the one that the access is for")
  func network() throws {
    func faults(_ name: String, _ network: String?) -> String {
      var spray = OtherInstallers.Kubespray()
      spray.network = name
      let options = ManifestOptions(delivery: .host(folder: "/etc/bulkhead"), network: network)
      do {
        _ = try ManifestSegmenter(options: options).segment(spray.text, file: "calico.yaml")
        return ""
      } catch { return "\(error) \(error.hint ?? "")" }
    }
    #expect(faults("k8s-pod-network", "k8s-pod-network") == "")
    #expect(faults("cni0", "cni0") == "")
    #expect(faults("cni0", nil) == "")
    let fault = faults("cni0", "k8s-pod-network")
    #expect(
      fault.contains("names the CNI network cni0, and bulkhead.yaml gives access for k8s-pod-network"),
      "\(fault)")
    #expect(fault.contains("write `network: cni0` under 'calico'"))
    // Canal's plugin assigns no addresses.
    let other = OtherInstallers.Kubespray(network: "canal").text.replacing(
      #""ipam": { "type": "calico-ipam", "assign_ipv4": "true" }"#,
      with: #""ipam": {"type": "host-local"}, "policy": {"type": "k8s"}"#)
    let options = ManifestOptions(delivery: .host(folder: "/etc/bulkhead"), network: "k8s-pod-network")
    #expect(try ManifestSegmenter(options: options).segment(other, file: "x").changedLines > 0)
  }

  @Test("a Windows workload is refused, with what to do")
  func windows() {
    let text = SmallManifest.whole.replacing(
      "      initContainers:\n",
      with: "      nodeSelector: {kubernetes.io/os: windows}\n      initContainers:\n")
    let faults = Samples.faults(text)
    #expect(faults.count == 2 && faults.allSatisfy { $0.contains("runs on Windows nodes") }, "\(faults)")
    // A container of another name too, however the pods are bound to Windows.
    let term = "{matchExpressions: [{key: kubernetes.io/os, operator: In, values: [windows]}]}"
    for pod in [
      "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [\(term)]}}}",
      "securityContext: {windowsOptions: {hostProcess: true}}", "os: {name: windows}",
    ] {
      let more = """
        ---
        apiVersion: apps/v1
        kind: DaemonSet
        metadata: {name: calico-node-windows, namespace: net}
        spec:
          template:
            spec:
              \(pod)
              containers:
              - {name: node, image: calico/node-windows:v3.32.1, volumeMounts: [{name: tls, mountPath: /calico-secrets}]}
              volumes: [{name: tls, secret: {secretName: shared}}]

        """
      let faults = Samples.faults(SmallManifest.whole + more)
      #expect(faults.count == 1 && faults[0].contains("container node runs on Windows nodes"), "\(faults)")
    }
  }

  @Test("Calico's single image is known by its arguments, and kube-controllers can read its Secret")
  func singleImage() throws {
    let text = SmallManifest.whole
      .replacing(
        "image: calico/cni:v3.32.1",
        with: "image: calico/calico:v3.33.0\n        args: [component, cni, install]"
      )
      .replacing(
        "image: calico/kube-controllers:v3.32.1",
        with: "image: registry:5000/mirrored/calico:v3.33.0\n        args: [component, kube-controllers]")
    let result = try Samples.segment(text)
    #expect(!result.warnings.contains { $0.kind == .imageNotRecognised }, "\(result.warnings)")
    #expect(
      try ParsedManifest(result.text).values[
        "Deployment/controllers.spec.template.spec.securityContext.fsGroup"]
        == "10001 (int)")
    #expect(try Samples.segment(result.text).isAlreadySegmented)
    // Calico's own pods have a securityContext.
    let pod = "  template:\n    spec:\n      containers:\n      - name: calico-kube"
    for context in [
      "securityContext: {seccompProfile: {type: RuntimeDefault}}", "securityContext: {}", "securityContext:",
      "securityContext:\n        seccompProfile:\n          type: RuntimeDefault",
    ] {
      let other = text.replacing(
        pod, with: pod.replacing("      containers:", with: "      \(context)\n      containers:"))
      #expect(other != text)
      let result = try Samples.segment(other)
      let values = try ParsedManifest(result.text).values
      let path = "Deployment/controllers.spec.template.spec.securityContext"
      #expect(values["\(path).fsGroup"] == "10001 (int)", "\(context)")
      #expect(
        values["\(path).seccompProfile.type"] == (context.contains("seccomp") ? "RuntimeDefault (str)" : nil))
      #expect(!result.warnings.contains { $0.kind == .unprivilegedImage })
      #expect(try Samples.segment(result.text).isAlreadySegmented)
    }
    let agent = try Samples.segment(text, delivery: Self.delivery(.agent))
    #expect(agent.text.contains("group: \"10001\""))
    // The arguments of another component contradict the name.
    let wrong = Samples.faults(
      text.replacing("[component, kube-controllers]", with: "[component, cni, install]"))
    #expect(wrong.count == 1 && wrong[0].contains("and the image of cni-plugin"), "\(wrong)")
  }

  @Test("an agent that asks inside its cluster, and one that keeps all in memory, are warned of")
  func sources() throws {
    guard case .agent(var agent) = AgentDeliveryTests.agent else { return }
    let text = OtherInstallers.Kubespray().text
    #expect(try !Samples.segment(text, delivery: .agent(agent)).warnings.contains { $0.kind == .agentSource })
    agent.sourceHosts = ["vault.vault.svc"]
    let warnings = try Samples.segment(text, delivery: .agent(agent)).warnings.filter {
      $0.kind == .agentSource
    }
    #expect(warnings.count == 4 && warnings.contains { $0.message.contains("DNS servers of the host") })
    agent.folder = nil
    let spray = SmallManifest.whole.replacing(
      "mountPath: /calico-secrets, name: tls}\n",
      with:
        "mountPath: /calico-secrets, name: tls}\n        - {mountPath: /host/etc/cni/net.d, name: tls2}\n")
    #expect(try Samples.segment(spray, delivery: .agent(agent)).warnings.contains { $0.kind == .agentMemory })
  }
}
