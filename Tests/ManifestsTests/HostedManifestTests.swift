import Manifests
import Testing

@Suite("Calico's own manifests", .enabled(if: Samples.arePresent, "../shared/manifests is not there"))
struct HostedManifestTests {
  @Test("calico-etcd.yaml: six lines change, six are new, whatever the version", arguments: Samples.calico)
  func smallestChange(name: String) throws {
    let old = try Samples.text(name)
    let result = try Samples.segment(old, sharedSecret: .keep)
    let difference = try LineDifference(old, result.text)
    #expect(
      difference.removed == [
        #"  etcd_ca: ""   # "/calico-secrets/etcd-ca""#, #"  etcd_cert: "" # "/calico-secrets/etcd-cert""#,
        #"  etcd_key: ""  # "/calico-secrets/etcd-key""#, "              name: etcd-certs",
        "            secretName: calico-etcd-secrets", "            secretName: calico-etcd-secrets",
      ])
    #expect(
      Set(difference.added) == [
        #"  etcd_ca: "/calico-secrets/etcd-ca"   # "/calico-secrets/etcd-ca""#,
        #"  etcd_cert: "/calico-secrets/etcd-cert" # "/calico-secrets/etcd-cert""#,
        #"  etcd_key: "/calico-secrets/etcd-key"  # "/calico-secrets/etcd-key""#,
        "              name: etcd-certs-cni", "            secretName: calico-node-etcd-secrets",
        "        - name: etcd-certs-cni", "          secret:",
        "            secretName: calico-cni-etcd-secrets", "            defaultMode: 0400",
        "            - name: COMPACTION_PERIOD", #"              value: "0""#,
        "            secretName: calico-kube-controllers-etcd-secrets",
      ])
    #expect(difference.added.count == 12)
    #expect(result.changedLines == 6)
    #expect(result.addedLines == 6)
    #expect(!result.isAlreadySegmented)
  }

  @Test("calico-etcd.yaml: parsed independently, only the wiring differs")
  func parsedComparison() throws {
    let old = try Samples.text("hosted/v3.32.1-calico-etcd.yaml")
    let new = try Samples.segment(old).text
    let node = "DaemonSet/calico-node.spec.template.spec"
    let controllers = "Deployment/calico-kube-controllers.spec.template.spec"
    let shared = "Secret/calico-etcd-secrets"
    #expect(
      try ParsedManifest.changes(from: old, to: new) == [
        "ConfigMap/calico-config.data.etcd_ca:  (str) -> /calico-secrets/etcd-ca (str)",
        "ConfigMap/calico-config.data.etcd_cert:  (str) -> /calico-secrets/etcd-cert (str)",
        "ConfigMap/calico-config.data.etcd_key:  (str) -> /calico-secrets/etcd-key (str)",
        "\(node).initContainers[install-cni].volumeMounts[/calico-secrets].name: etcd-certs (str) -> etcd-certs-cni (str)",
        "\(node).volumes[etcd-certs-cni].name: - -> etcd-certs-cni (str)",
        "\(node).volumes[etcd-certs-cni].secret.defaultMode: - -> 0400 (int)",
        "\(node).volumes[etcd-certs-cni].secret.secretName: - -> calico-cni-etcd-secrets (str)",
        "\(node).volumes[etcd-certs].secret.secretName: calico-etcd-secrets (str) -> calico-node-etcd-secrets (str)",
        "\(controllers).containers[calico-kube-controllers].env[COMPACTION_PERIOD].name: - -> COMPACTION_PERIOD (str)",
        "\(controllers).containers[calico-kube-controllers].env[COMPACTION_PERIOD].value: - -> 0 (str)",
        "\(controllers).volumes[etcd-certs].secret.secretName: "
          + "calico-etcd-secrets (str) -> calico-kube-controllers-etcd-secrets (str)",
        "\(shared).apiVersion: v1 (str) -> -", "\(shared).data:  (null) -> -",
        "\(shared).kind: Secret (str) -> -",
        "\(shared).metadata.name: calico-etcd-secrets (str) -> -",
        "\(shared).metadata.namespace: kube-system (str) -> -",
        "\(shared).type: Opaque (str) -> -",
      ])
  }

  @Test(
    "every mount uses its own component's Secret",
    arguments: Samples.calico + Samples.canal + Samples.calicoctl)
  func credentials(name: String) throws {
    let new = try Samples.segment(try Samples.text(name)).text
    let wanted = [
      "calico-node": "calico-node-etcd-secrets", "install-cni": "calico-cni-etcd-secrets",
      "calico-kube-controllers": "calico-kube-controllers-etcd-secrets", "flannel": "flannel-etcd-secrets",
      "configure-flannel": "flannel-etcd-secrets", "calicoctl": "calicoctl-etcd-secrets",
    ]
    let found = try ParsedManifest(new).credentials
    #expect(found.count == (name.contains("calicoctl") ? 1 : name.contains("canal") ? 5 : 3))
    for (container, secret) in found {
      let name = container.split(separator: " ").last.map(String.init) ?? ""
      #expect(secret == wanted[name], "\(container)")
    }
  }

  @Test("running it again changes nothing", arguments: Samples.calico + Samples.canal + Samples.calicoctl)
  func idempotence(name: String) throws {
    for placement in [ManifestOptions.SecretPlacement.inline, .separate, .none] {
      let once = try Samples.segment(try Samples.text(name), placement: placement)
      let twice = try Samples.segment(once.text, placement: placement)
      #expect(Array(twice.text.utf8) == Array(once.text.utf8))
      #expect(twice.isAlreadySegmented)
      #expect(twice.changedLines == 0 && twice.addedLines == 0)
      #expect(twice.diff() == "")
    }
  }

  @Test("canal-etcd.yaml: eight lines change, ten are new", arguments: Samples.canal)
  func canal(name: String) throws {
    let old = try Samples.text(name)
    let result = try Samples.segment(old, sharedSecret: .keep)
    let difference = try LineDifference(old, result.text)
    #expect(difference.removed.count == 8)
    #expect(difference.added.count == 8 + 8 + 2)
    #expect(result.changedLines == 8)
    #expect(result.addedLines == 10)
    let canal = result.warnings.filter { $0.kind == .canal }
    #expect(canal.count == 3, "two bindings that name another ServiceAccount, one Job without certificates")
    #expect(
      result.warnings.filter { $0.kind == .objectNotRecreated }.map(\.place.object) == ["Job/configure-canal"]
    )
  }

  @Test("calicoctl-etcd.yaml: the commented block stays, an active one is added with correct indentation")
  func calicoctl() throws {
    for (name, indent) in [("v3.24.6", ""), ("v3.32.1", "  ")] {
      let old = try Samples.text("hosted/\(name)-calicoctl-etcd.yaml")
      let result = try Samples.segment(old)
      let difference = try LineDifference(old, result.text)
      #expect(difference.removed == [])
      #expect(
        difference.added == [
          "    \(indent)\(indent)- name: ETCD_CA_CERT_FILE",
          "    \(indent)\(indent)  value: /calico-secrets/etcd-ca",
          "    \(indent)\(indent)- name: ETCD_CERT_FILE",
          "    \(indent)\(indent)  value: /calico-secrets/etcd-cert",
          "    \(indent)\(indent)- name: ETCD_KEY_FILE",
          "    \(indent)\(indent)  value: /calico-secrets/etcd-key",
          "    \(indent)volumeMounts:",
          "    \(indent)\(indent)- mountPath: /calico-secrets",
          "    \(indent)\(indent)  name: etcd-certs",
          "  \(indent)- name: etcd-certs",
          "  \(indent)  secret:",
          "  \(indent)    secretName: calicoctl-etcd-secrets",
        ])
      #expect(result.changedLines == 0 && result.addedLines == 12)
      #expect(
        result.warnings.contains { $0.kind == .objectNotRecreated && $0.place.object == "Pod/calicoctl" })
      #expect(result.warnings.contains { $0.kind == .configMapElsewhere && $0.hint.contains("canal-config") })
    }
  }

  @Test("a key with mode 0400, which kube-controllers cannot read, is a warning since v3.17.1")
  func modes() throws {
    func modes(_ text: String) throws -> [Int] {
      try Samples.segment(text).warnings.filter { $0.kind == .modeNotGroupReadable }.map(\.place.line)
    }
    let old = try Samples.text("hosted/v3.15.5-calico-etcd.yaml")
    #expect(try modes(old) == [])
    let line = old.lines.lastIndex(of: "            defaultMode: 0400").map { $0 + 1 } ?? 0
    #expect(try modes(old.replacing("kube-controllers:v3.15.5", with: "kube-controllers:v3.17.2")) == [line])
    #expect(try modes(Samples.text("hosted/v3.32.1-calico-etcd.yaml")) == [])
  }
}

extension String {
  var lines: [String] { split(separator: "\n", omittingEmptySubsequences: false).map(String.init) }
}
