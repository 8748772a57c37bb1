import Manifests
import Testing

@Suite("names of Secrets")
struct SecretNameTests {
  /// Credentials whose hashes start with a known digit.
  private func secrets(_ digit: Character, changing changed: Set<String>? = nil) -> [ComponentSecret] {
    Samples.secrets.map { secret in
      let digit = changed?.contains(secret.component) ?? true ? digit : "0"
      var secret = secret
      secret.hash = String(repeating: digit, count: 64)
      secret.material = ComponentSecret.Material(
        ca: Array("ca".utf8), certificate: Array("\(digit) \(secret.component)".utf8), key: [1])
      return secret
    }
  }

  private func segment(
    _ text: String, _ secrets: [ComponentSecret], _ names: ManifestOptions.SecretNames = .hashed,
    _ placement: ManifestOptions.SecretPlacement = .inline
  ) throws -> SegmentedManifest {
    let options = ManifestOptions(secrets: secrets, secretNames: names, placement: placement)
    return try ManifestSegmenter(options: options).segment(text, file: "calico.yaml")
  }

  private func names(_ ending: String) -> Set<String> {
    ["calico-node-etcd-secrets", "calico-cni-etcd-secrets", "calico-kube-controllers-etcd-secrets"].reduce(
      into: []
    ) { $0.insert($1 + ending) }
  }

  @Test("a hashed name ends in ten digits, the Secret is immutable, and the workload names it")
  func hashed() throws {
    let result = try segment(SmallManifest.whole, secrets("a"))
    #expect(Set(try ParsedManifest(result.text).credentials.values) == names("-aaaaaaaaaa"))
    let values = try ParsedManifest(result.secrets).values
    for name in names("-aaaaaaaaaa") {
      #expect(values["Secret/\(name).immutable"] == "true (bool)")
      #expect(values["Secret/\(name).metadata.labels.app.kubernetes.io/managed-by"] == "bulkhead (str)")
    }
    #expect(result.changedLines == 7 && result.addedLines == 4, "as with fixed names")
    #expect(!result.text.contains("checksum/"))
    let again = try segment(result.text, secrets("a"))
    #expect(again.isAlreadySegmented)
    #expect(again.text == result.text)
  }

  @Test("a renewed credential changes its name and its Secret, and nothing else")
  func renewed() throws {
    let before = try segment(SmallManifest.whole, secrets("0")).text
    let result = try segment(before, secrets("b", changing: ["cni-plugin"]))
    let changes = try ParsedManifest.changes(from: before, to: result.text)
    #expect(
      changes.filter { !$0.hasPrefix("Secret/") } == [
        "DaemonSet/agents.spec.template.spec.volumes[tls-cni].secret.secretName: "
          + "calico-cni-etcd-secrets-0000000000 (str) -> calico-cni-etcd-secrets-bbbbbbbbbb (str)"
      ])
    #expect(
      changes.allSatisfy { $0.hasPrefix("DaemonSet/") || $0.hasPrefix("Secret/calico-cni-etcd-secrets-") })
    #expect(!result.text.contains("calico-cni-etcd-secrets-0000000000"))
    #expect(result.text == (try segment(SmallManifest.whole, secrets("b", changing: ["cni-plugin"])).text))
    #expect(!result.warnings.contains { $0.kind == .sharedSecretPopulated })
  }

  @Test("without a given credential, any hash is accepted")
  func withoutCredentials() throws {
    let text = try segment(SmallManifest.whole, secrets("c"), .hashed, .none).text
    for names in [ManifestOptions.SecretNames.hashed, .fixed] {
      let result = try segment(text, ComponentSecret.defaults, names, .none)
      #expect(result.isAlreadySegmented)
      #expect(result.text == text)
    }
    let other = text.replacing(
      "calico-cni-etcd-secrets-cccccccccc", with: "calico-cni-etcd-secrets-ccccccccc")
    #expect(try !segment(other, ComponentSecret.defaults, .hashed, .none).isAlreadySegmented)
  }

  @Test("with fixed names the hashes are in an annotation, and a renewal changes both")
  func fixed() throws {
    let text = SmallManifest.whole.replacing(
      "  template:\n    spec:\n      containers:",
      with: "  template:\n    metadata: {labels: {app: x}}\n    spec:\n      containers:")
    let result = try segment(text, secrets("d"), .fixed)
    #expect(Set(try ParsedManifest(result.text).credentials.values) == names(""))
    let values = try ParsedManifest(result.text).values
    let template = "spec.template.metadata.annotations.checksum/etcd-certs"
    #expect(
      values["DaemonSet/agents.\(template)"] == "calico-node=dddddddddd,cni-plugin=dddddddddd (str)")
    #expect(values["Deployment/controllers.\(template)"] == "kube-controllers=dddddddddd (str)")
    #expect(result.text.contains("metadata: {labels: {app: x}, annotations: {"))
    #expect(!result.text.contains("immutable"))
    #expect(try segment(result.text, secrets("d"), .fixed).isAlreadySegmented)

    let renewed = try segment(result.text, secrets("e"), .fixed)
    let after = try ParsedManifest(renewed.text).values
    #expect(after["Deployment/controllers.\(template)"] == "kube-controllers=eeeeeeeeee (str)")
    #expect(
      try ParsedManifest(renewed.text).objects.count == ParsedManifest(result.text).objects.count)
    #expect(
      after["Secret/calico-cni-etcd-secrets.data.etcd-cert"]
        != values["Secret/calico-cni-etcd-secrets.data.etcd-cert"])
    #expect(try segment(renewed.text, secrets("e"), .fixed).isAlreadySegmented)
  }

  @Test("an annotation is added to the existing ones, in their style")
  func annotations() throws {
    let text = SmallManifest.whole.replacing(
      "  template:\n    spec:\n      initContainers:",
      with:
        "  template:\n    metadata:\n      annotations:\n        'a/b': 'c'\n    spec:\n      initContainers:"
    )
    let result = try segment(text, secrets("f"), .fixed, .none)
    #expect(
      result.text.contains(
        "        'a/b': 'c'\n        'checksum/etcd-certs': 'calico-node=ffffffffff,cni-plugin=ffffffffff'\n")
    )
    for empty in ["annotations:", "annotations: {}"] {
      let text = text.replacing("annotations:\n        'a/b': 'c'", with: empty)
      #expect(throws: ManifestRefusal.self) { try segment(text, secrets("f"), .fixed, .none) }
      #expect(try !segment(text, ComponentSecret.defaults, .fixed, .none).isAlreadySegmented)
    }
  }

  @Test("from fixed names to hashed ones and back")
  func migration() throws {
    let fixed = try segment(SmallManifest.whole, secrets("1"), .fixed).text
    let hashed = try segment(fixed, secrets("1"), .hashed)
    #expect(Set(try ParsedManifest(hashed.text).credentials.values) == names("-1111111111"))
    #expect(try ParsedManifest(hashed.text).objects.count == ParsedManifest(fixed).objects.count)
    let back = try segment(hashed.text, secrets("1"), .fixed)
    #expect(Set(try ParsedManifest(back.text).credentials.values) == names(""))
    #expect(try ParsedManifest(back.text).values == ParsedManifest(fixed).values)
  }

  @Test("a Secret of this name from elsewhere stays unchanged")
  func foreign() throws {
    let own = """
      ---
      apiVersion: v1
      kind: Secret
      metadata: {name: calico-cni-etcd-secrets, namespace: net}
      data: {etcd-ca: eA==, etcd-cert: eA==, etcd-key: eA==}

      """
    let result = try segment(SmallManifest.whole + own, secrets("2"), .fixed)
    #expect(result.text.hasSuffix(own))
    #expect(result.warnings.contains { $0.kind == .secretAlreadyPresent })
  }
}
