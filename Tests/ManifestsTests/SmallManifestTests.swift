import Foundation
import Manifests
import Testing
import YAML

@Suite("manifests in other styles")
struct SmallManifestTests {
  private let credentials = [
    "DaemonSet/agents install-cni": "calico-cni-etcd-secrets",
    "DaemonSet/agents calico-node": "calico-node-etcd-secrets",
    "Deployment/controllers calico-kube-controllers": "calico-kube-controllers-etcd-secrets",
  ]

  @Test("edits keep flow style, block style, empty and quoted scalars")
  func styles() throws {
    let result = try Samples.segment(SmallManifest.whole)
    #expect(try ParsedManifest(result.text).credentials == credentials)
    let difference = try LineDifference(
      SmallManifest.configMap + SmallManifest.daemonSet + SmallManifest.deployment, result.text)
    #expect(
      difference.added == [
        "  ca: '/calico-secrets/etcd-ca'", #"  cert: "/calico-secrets/etcd-cert""#,
        #"  key: "/calico-secrets/etcd-key""#,
        "        - {mountPath: /calico-secrets, name: tls-cni}",
        "        secret: {secretName: calico-node-etcd-secrets, defaultMode: 0400}  # both",
        "      - name: tls-cni", "        secret: {secretName: calico-cni-etcd-secrets, defaultMode: 0400}",
        "          value: '/calico-secrets/etcd-ca'", "        - name: COMPACTION_PERIOD",
        #"          value: "0""#,
        "      volumes: [{name: tls, secret: {secretName: 'calico-kube-controllers-etcd-secrets'}}]",
      ])
    #expect(difference.removed.count == 7)
    #expect(result.changedLines == 7 && result.addedLines == 4)
  }

  @Test("JSON is YAML: its lines are kept")
  func json() throws {
    let text = """
      {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "calicoctl"}, "spec": {
        "containers": [{"name": "calicoctl", "image": "calico/ctl:v3.32.1",
          "env": [{"name": "ETCD_ENDPOINTS", "value": "https://10.0.0.1:2379"}]}],
        "volumes": null}}

      """
    let result = try Samples.segment(text)
    #expect(
      try ParsedManifest(result.text).credentials == ["Pod/calicoctl calicoctl": "calicoctl-etcd-secrets"])
    #expect(
      result.text.contains(
        #""volumes": [{"name": "etcd-certs", "secret": {"secretName": "calicoctl-etcd-secrets"}}]}}"#))
    #expect(result.changedLines == 4 || result.changedLines == 5)
    #expect(try Samples.segment(result.text).isAlreadySegmented)
    let object = try JSONSerialization.jsonObject(with: Data(result.text.utf8)) as? [String: Any]
    #expect(object?["kind"] as? String == "Pod")
  }

  @Test("the Secrets replace the shared one, are in a separate text, or are not written")
  func placement() throws {
    let names = [
      "calico-node-etcd-secrets", "calico-cni-etcd-secrets", "calico-kube-controllers-etcd-secrets",
    ]
    let inline = try Samples.segment(SmallManifest.whole, placement: .inline)
    let separate = try Samples.segment(SmallManifest.whole, placement: .separate)
    let none = try Samples.segment(SmallManifest.whole, placement: .none)
    #expect(separate.text == none.text)
    #expect(none.secrets == "")
    #expect(inline.text == none.text + inline.secrets)
    #expect(inline.secrets == separate.secrets)
    #expect(!none.text.contains("comment of the Secret"))
    #expect(inline.warnings.contains { $0.kind == .inlineSecret })
    #expect(!separate.warnings.contains { $0.kind == .inlineSecret })

    let secrets = try ParsedManifest(separate.secrets)
    #expect(secrets.objects.map(\.title) == names.map { "Secret/\($0)" })
    for (index, component) in ["calico-node", "cni-plugin", "kube-controllers"].enumerated() {
      let node = secrets.objects[index].node
      #expect(node["metadata"]?["namespace"]?.string == "net")
      #expect(node["metadata"]?["labels"]?["app.kubernetes.io/managed-by"]?.string == "bulkhead")
      #expect(node["metadata"]?["labels"]?["bulkhead/component"]?.string == component)
      #expect(node["type"]?.string == "Opaque")
      let material = try #require(Samples.secrets.first { $0.component == component }?.material)
      let data = ["etcd-ca", "etcd-cert", "etcd-key"].map {
        node["data"]?[$0]?.string.flatMap { Data(base64Encoded: $0) }
      }
      #expect(data == [Data(material.ca), Data(material.certificate), Data(material.key)])
    }
  }

  @Test("without a shared Secret in the file the new ones come last, whatever the end of the file")
  func placementAtEnd() throws {
    let text = SmallManifest.configMap + SmallManifest.daemonSet
    let whole = try Samples.segment(text, placement: .inline)
    #expect(whole.text.hasSuffix(whole.secrets))
    let unended = try Samples.segment(String(text.dropLast()), placement: .inline)
    #expect(unended.text.last != "\n")
    #expect(try ParsedManifest(unended.text).objects.count == 4)
    #expect(try Samples.segment(unended.text, placement: .inline).isAlreadySegmented)
  }

  @Test("a shared Secret at the start, without a `---` line, is removed and the file's header stays")
  func firstDocument() throws {
    let head = "# head of the file\n"
    let text =
      head + SmallManifest.secret.dropFirst(4) + "---\n" + SmallManifest.configMap + SmallManifest.daemonSet
    let result = try Samples.segment(text, placement: .inline)
    #expect(
      result.text.hasPrefix(head + "# comment of the Secret\napiVersion: v1\nkind: Secret\ntype: Opaque\n"))
    #expect(try ParsedManifest(result.text).objects.count == 4)
    #expect(try ParsedManifest(Samples.segment(text).text).objects.count == 2)
  }

  @Test("a new volume's name is unused and not too long")
  func volumeNames() throws {
    let taken = SmallManifest.whole.replacing(
      "      volumes:\n", with: "      volumes:\n      - {name: tls-cni, emptyDir: {}}\n")
    #expect(try Samples.segment(taken).text.contains("      - name: tls-cni-2\n"))
    let long = String(repeating: "v", count: 63)
    let result = try Samples.segment(
      SmallManifest.whole.replacing("name: tls", with: "name: \(long)").replacing("'tls'", with: "'\(long)'"))
    #expect(result.text.contains("      - name: \(long.prefix(59))-cni\n"))
    #expect(try ParsedManifest(result.text).credentials == credentials)
  }

  @Test("an existing volume of the component's own Secret is used")
  func existingVolume() throws {
    let text = SmallManifest.whole.replacing(
      "      volumes:\n",
      with: "      volumes:\n      - {name: own, secret: {secretName: calico-cni-etcd-secrets}}\n")
    // While unused, it is a reference to a credential that no container mounts; once the edit uses it, it is
    // correct.
    let result = try Samples.segment(text)
    #expect(result.text.contains("{mountPath: /calico-secrets, name: own}"))
    #expect(result.addedLines == 2)
    #expect(try ParsedManifest(result.text).credentials == credentials)
  }

  @Test("a container is mapped by its name")
  func mapping() throws {
    let text = SmallManifest.whole.replacing("name: calico-node", with: "name: felix")
    #expect(Samples.faults(text).count == 1)
    let result = try Samples.segment(text, components: ["felix": "calico-node"])
    #expect(
      try ParsedManifest(result.text).credentials["DaemonSet/agents felix"] == "calico-node-etcd-secrets")
  }

  /// Without the Secrets' contents no list of identities is needed.
  @Test("a container, calicoctl's too, is mapped to an identity of the user, whose Secret is named after it")
  func identities() throws {
    let pod = """
      apiVersion: v1
      kind: Pod
      metadata: {name: calicoctl}
      spec:
        containers:
        - name: calicoctl
          image: calico/ctl:v3.32.1
          env:
          - {name: ETCD_ENDPOINTS, value: https://10.0.0.1:2379}

      """
    for (text, container, name) in [
      (pod, "calicoctl", "alice"), (SmallManifest.whole + RunbookTests.job, "save", "backup"),
    ] {
      let result = try Samples.segment(text, components: [container: name])
      #expect(result.text.contains("secretName: \(name)-etcd-secrets"))
      #expect(!result.text.contains("secretName: calicoctl") && !result.text.contains("secretName: shared"))
      #expect(try Samples.segment(result.text, components: [container: name]).isAlreadySegmented)
    }
    let unknown = Samples.faults(SmallManifest.whole + RunbookTests.job)
    #expect(unknown.count == 1 && unknown.first?.contains("flannel") == false, "\(unknown)")
    // With the Secrets, the identity must have a certificate.
    let missing = Samples.faults(pod, components: ["calicoctl": "alice"])
    #expect(missing.first?.contains("alice, which has no certificate") == true, "\(missing)")
  }

  @Test("an existing compaction period is set to \"0\", in quotes")
  func compaction() throws {
    for (old, new) in [("10m", "\"0\""), ("\"5m\"", "\"0\""), ("0", "\"0\""), ("'1h'", "'0'")] {
      let text = SmallManifest.whole.replacing(
        "        - name: ETCD_CERT_FILE\n",
        with: "        - name: COMPACTION_PERIOD\n          value: \(old)\n        - name: ETCD_CERT_FILE\n")
      let result = try Samples.segment(text)
      let values = try ParsedManifest(result.text).values
      let path =
        "Deployment/controllers.spec.template.spec.containers[calico-kube-controllers].env[COMPACTION_PERIOD]"
      #expect(values["\(path).value"] == "0 (str)")
      #expect(result.text.contains("        - name: COMPACTION_PERIOD\n          value: \(new)\n"))
    }
  }

  @Test("known problems are warnings with their line")
  func warnings() throws {
    func warned(_ text: String) throws -> [ManifestWarning.Kind: Int] {
      Dictionary(
        try Samples.segment(text).warnings.map { ($0.kind, $0.place.line) },
        uniquingKeysWith: { first, _ in first })
    }
    #expect(try warned(SmallManifest.whole) == [.installerRotation: 29])
    let wrong = SmallManifest.whole
      .replacing("https://", with: "http://").replacing(
        "SLEEP, value: \"false\"", with: "SLEEP, value: \"true\""
      )
      .replacing("defaultMode: 0400", with: "optional: true").replacing("calico/node:", with: "corp/cnode:")
      .replacing("{secretName: 'shared'}", with: "{secretName: 'shared', defaultMode: 256}")
      .replacing(
        "        env:\n        - {name: ETCD_CA",
        with:
          "        env:\n        - {name: ETCD_ENDPOINTS, valueFrom: {configMapKeyRef: {name: settings, key: endpoints}}}\n"
          + "        - {name: ETCD_CA"
      )
      .replacing("data:\n  endpoints", with: "immutable: true\ndata:\n  endpoints")
    #expect(
      try warned(wrong) == [
        .objectNotRecreated: 1, .endpointsWithoutTLS: 8, .installerSleeps: 30, .imageNotRecognised: 35,
        .secretOptional: 46, .modeNotGroupReadable: 67,
      ])
    func kinds(_ old: String, _ new: String) throws -> Set<ManifestWarning.Kind> {
      Set(try warned(SmallManifest.whole.replacing(old, with: new)).keys)
    }
    let rotation: Set<ManifestWarning.Kind> = [.installerRotation]
    #expect(try kinds("calico/cni:v3.32.1", "calico/cni:v3.16.0") == rotation.union([.installerFaulty]))
    #expect(
      try kinds(
        "kind: DaemonSet\nmetadata:\n  name: agents\n  namespace: net\nspec:\n",
        "kind: DaemonSet\nmetadata:\n  name: agents\n  namespace: net\nspec:\n  updateStrategy: {type: OnDelete}\n"
      )
        == rotation.union([.updatesOnDelete]))
    let mount = "- {mountPath: /calico-secrets, name: tls}\n"
    let folder = mount + "        - {mountPath: /host/etc/cni/net.d, name: net}\n"
    let volume = "      volumes:\n      - {name: net, hostPath: {path: /etc/k3s/net.d}}\n"
    let moved = SmallManifest.whole.replacing(mount, with: folder).replacing("      volumes:\n", with: volume)
    #expect(try warned(moved)[.cniDirectory] == 44)
    let named = moved.replacing(
      "- {name: SLEEP,", with: "- {name: CNI_NET_DIR, value: /etc/k3s/net.d/}\n        - {name: SLEEP,")
    #expect(try warned(named)[.cniDirectory] == nil)
    let sidecar = SmallManifest.whole.replacing("      initContainers:\n", with: "      containers:\n")
      .replacing("      containers:\n      - name: calico-node", with: "      - name: calico-node")
      .replacing("        - {name: SLEEP, value: \"false\"}\n", with: "")
    #expect(Set(try warned(sidecar).keys) == rotation)
    #expect(try Set(warned(sidecar.replacing("calico/cni:v3.32.1", with: "calico/cni:v3.3.1")).keys).isEmpty)
    let role = """
      ---
      apiVersion: rbac.authorization.k8s.io/v1
      kind: Role
      metadata: {name: reader}
      rules: [{apiGroups: [""], resources: [secrets], resourceNames: [shared], verbs: [get]}]

      """
    #expect(try warned(SmallManifest.whole + role)[.secretReferencedElsewhere] == 76)
    #expect(try warned(SmallManifest.daemonSet)[.configMapElsewhere] == 22)
  }

  @Test(
    "the diff is a valid patch",
    .enabled(if: Command.exists("patch"), "patch is not installed"))
  func diff() throws {
    var texts = [
      SmallManifest.whole, String(SmallManifest.whole.dropLast()),
      SmallManifest.whole.replacing("\n", with: "\r\n"),
    ]
    if Samples.arePresent {
      texts += try ["hosted/v3.32.1-calico-etcd.yaml", "nasty/01-crlf-no-eof-newline.yaml"].map(Samples.text)
    }
    for text in texts {
      let result = try Samples.segment(text)
      let folder = FileManager.default.temporaryDirectory.appending(path: "manifests-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: folder) }
      try Data(text.utf8).write(to: folder.appending(path: "calico.yaml"))
      try Data(result.diff().utf8).write(to: folder.appending(path: "change.patch"))
      let patch = try Command.run("patch", ["--binary", "-p1", "-i", "change.patch"], in: folder)
      #expect(patch.status == 0, "\(patch.output)")
      #expect(try Data(contentsOf: folder.appending(path: "calico.yaml")) == Data(result.text.utf8))
    }
  }

  @Test("the diff shows no Secret's contents, neither old nor new, nor what is commented out")
  func diffHidesSecrets() throws {
    let filled = SmallManifest.secret.replacing(
      "data: {}",
      with:
        "data:\n  etcd-key: b2xkIGtleQ==\n  # etcd-key: b2xkZXIga2V5IHRoYXQgd2FzIGhlcmU=\nstringData: {etcd-ca: plain}"
    )
    let text = SmallManifest.configMap + SmallManifest.daemonSet + filled
    for sharedSecret in [ManifestOptions.SharedSecret.drop, .keep] {
      let result = try Samples.segment(text, placement: .inline, sharedSecret: sharedSecret)
      let diff = result.diff()
      #expect(diff.contains("+  etcd-key: (not shown)\n"))
      for hidden in ["b2xk", "plain", "LS0t"] { #expect(!diff.contains(hidden)) }
      #expect(result.text.contains("LS0t"))
    }
  }

  @Test("a credential's description never shows its content")
  func description() throws {
    let secret = try #require(Samples.secrets.first)
    var dumped = ""
    dump(secret, to: &dumped)
    for text in ["\(secret)", String(reflecting: secret), dumped] {
      #expect(!text.contains("key of") && !text.contains("45, 45, 45") && !text.contains("- 45"))
      #expect(text.contains("calico-node-etcd-secrets"))
    }
  }

  @Test(
    "kubectl decodes the workloads of the result",
    .enabled(if: Command.exists("kubectl"), "kubectl is not installed"))
  func kubectl() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "manifests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    func decode(_ text: String) throws -> (output: String, status: Int32) {
      try Data(text.utf8).write(to: folder.appending(path: "m.yaml"))
      return try Command.run("kubectl", ["set", "env", "--local", "--list", "-f", "m.yaml"], in: folder)
    }
    /// Only for objects that have a pod template; kubectl cannot set anything in others.
    func workloads(_ text: String) -> String {
      text.split(separator: "---\n").filter {
        $0.contains("kind: DaemonSet\n") || $0.contains("kind: Deployment\n")
      }
      .joined(separator: "---\n")
    }
    var texts = [SmallManifest.whole]
    if Samples.arePresent { texts.append(try Samples.text("hosted/v3.32.1-calico-etcd.yaml")) }
    for text in texts {
      let result = workloads(try Samples.segment(text, placement: .inline).text)
      let decoded = try decode(result)
      #expect(decoded.status == 0, "\(decoded.output)")
      #expect(decoded.output.split(separator: "\n").contains("COMPACTION_PERIOD=0"))
      #expect(
        try decode(result.replacing("value: \"0\"", with: "value: 0")).status != 0,
        "kubectl does look at types")
    }
  }
}
