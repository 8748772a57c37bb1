import Manifests
import Testing

@Suite("refusals")
struct RefusalTests {
  /// A manifest with one fault, and the start of the only message that it must give.
  struct Wrong: Sendable, CustomTestStringConvertible {
    let old: String
    let new: String
    let fault: String
    let count: Int
    var testDescription: String { fault }

    init(_ old: String, _ new: String, _ fault: String, count: Int = 1) {
      self.count = count
      self.old = old
      self.new = new
      self.fault = fault
    }
  }

  static let wrong: [Wrong] = [
    Wrong(
      "key: key", "key: cert",
      "calico.yaml:9: ConfigMap/settings, cert would be both /calico-secrets/etcd-cert and /calico-secrets/etcd-key"
    ),
    Wrong(
      "ca: ''", "ca: /etc/ssl/ca.pem",
      "calico.yaml:8: ConfigMap/settings, ca is /etc/ssl/ca.pem, not /calico-secrets/etcd-ca"),
    Wrong(
      "  ca: ''\n", "",
      "calico.yaml:1: ConfigMap/settings, data has no key ca, from which DaemonSet/agents gets ETCD_CA_CERT_FILE"
    ),
    Wrong(
      "\"etcd_key_file\": \"__ETCD_KEY_FILE__\",", "",
      "calico.yaml:11: ConfigMap/settings, cni has no etcd_key_file"),
    Wrong(
      "name: calico-node", "name: felix",
      "calico.yaml:40: DaemonSet/agents, container felix uses the credential's volume tls at /calico-secrets and is no"
    ),
    Wrong(
      "image: calico/node:v3.32.1", "image: registry:5000/calico/cni:v3@sha256:00",
      "calico.yaml:33: DaemonSet/agents, container calico-node has the name of calico-node and the image of cni-plugin (cni)"
    ),
    Wrong(
      "mountPath: /calico-secrets/\n", "mountPath: /calico-secrets\n          subPath: etcd-key\n",
      "calico.yaml:40: DaemonSet/agents, container calico-node mounts the volume tls at /calico-secrets by subPath"
    ),
    Wrong(
      "mountPath: /calico-secrets/\n", "mountPath: /etc/ssl\n",
      "calico.yaml:40: DaemonSet/agents, container calico-node mounts the credential at /etc/ssl and not at /calico-secrets"
    ),
    Wrong(
      "          name: tls\n", "          name: tls\n        - {mountPath: /calico-secrets, name: tls}\n",
      "calico.yaml:42: DaemonSet/agents, container calico-node mounts two volumes at /calico-secrets"),
    Wrong(
      "          name: tls\n", "",
      "calico.yaml:40: DaemonSet/agents, container calico-node has a mount without a"),
    Wrong(
      "secret: {secretName: shared, defaultMode: 0400}", "emptyDir: {medium: Memory}",
      "calico.yaml:43: DaemonSet/agents, volume tls contains the etcd credential and has the type emptyDir"),
    Wrong(
      "secret: {secretName: shared, defaultMode: 0400}",
      "csi: {driver: d, nodePublishSecretRef: {name: shared}}",
      "calico.yaml:43: DaemonSet/agents, volume tls contains the etcd credential and has the type csi"),
    Wrong(
      "secret: {secretName: shared, defaultMode: 0400}", "projected: {sources: [{secret: {name: shared}}]}",
      "calico.yaml:43: DaemonSet/agents, volume tls contains the etcd credential and has the type projected"),
    Wrong(
      "defaultMode: 0400}", "items: [{key: ca.pem, path: etcd-ca}]}",
      "calico.yaml:44: DaemonSet/agents, volume tls selects other keys than etcd-ca, etcd-cert and etcd-key"),
    Wrong(
      "      volumes:\n      - name: tls\n", "      volumes:\n      - &v\n        name: tls\n",
      "calico.yaml:43: DaemonSet/agents, volume tls-cni has an anchor, which a copy would define again"),
    Wrong(
      "        - {name: SLEEP, value: \"false\"}\n",
      "        - {name: OTHER, valueFrom: {secretKeyRef: {name: shared, key: etcd-key}}}\n",
      "calico.yaml:29: DaemonSet/agents, secretKeyRef refers to the Secret shared"),
    Wrong(
      "        - {name: SLEEP, value: \"false\"}\n", "        - {name: ETCD_USERNAME, value: root}\n",
      "calico.yaml:29: DaemonSet/agents, container install-cni has ETCD_USERNAME: a login with a password counts"
    ),
    Wrong(
      "        - {name: SLEEP, value: \"false\"}\n",
      "        - {name: CALICO_ETCD_PASSWORD, valueFrom: {secretKeyRef: {name: other, key: p}}}\n",
      "calico.yaml:29: DaemonSet/agents, container install-cni has CALICO_ETCD_PASSWORD: a login with a password"
    ),
    Wrong(
      "        - {name: SLEEP, value: \"false\"}\n", "        - {name: CALICO_ETCD_KEY_FILE, value: /old}\n",
      "calico.yaml:29: DaemonSet/agents, container install-cni has CALICO_ETCD_KEY_FILE: it counts before ETCD_KEY_FILE"
    ),
    Wrong(
      "      volumes:\n      -",
      "      volumes:\n      - {name: rest, secret: {secretName: shared}}\n      -",
      "calico.yaml:43: DaemonSet/agents, volume refers to the Secret shared"),
    Wrong(
      "      volumes:\n      -", "      volumes:\n      - {name: tls, emptyDir: {}}\n      -",
      "calico.yaml:31: DaemonSet/agents, container install-cni mounts the volume tls at /calico-secrets, which the pod has twice",
      count: 2),
    Wrong(
      "        - {name: ETCD_KEY_FILE, valueFrom: {configMapKeyRef: {name: settings, key: key}}}\n", "",
      "calico.yaml:33: DaemonSet/agents, container calico-node mounts the credential and has no variable ETCD_KEY_FILE"
    ),
    Wrong(
      "        volumeMounts: [{mountPath: /calico-secrets, name: 'tls'}]",
      "        - {name: ETCD_ENDPOINTS, value: x}",
      "calico.yaml:55: Deployment/controllers, container calico-kube-controllers has ETCD_ENDPOINTS and mounts nothing",
      count: 2),
    Wrong(
      "value: ''", "valueFrom: {fieldRef: {fieldPath: metadata.name}}",
      "calico.yaml:58: Deployment/controllers, container calico-kube-controllers gets ETCD_CA_CERT_FILE neither from"
    ),
    Wrong(
      "      volumes: [",
      "      - {name: other, env: [{name: X, valueFrom: {configMapKeyRef: {name: settings, key: key}}}]}\n      volumes: [",
      "calico.yaml:65: Deployment/controllers, container other reads key of ConfigMap/settings for X and mounts no credential"
    ),
    Wrong(
      "value: ''", "value: {{ .Values.ca }}",
      "calico.yaml:59: Deployment/controllers has a key that is not a scalar"),
    Wrong(
      "kind: Deployment\n", "kind: Deployment\n{{- if .Values.x }}\n",
      "calico.yaml:48: the file is not valid YAML"),
    Wrong(
      "kind: Deployment\n", "kind: Deployment\r",
      "calico.yaml:47: the file has a line that ends in a carriage return alone"),
  ]

  @Test("one error is one fault, with its place", arguments: wrong)
  func oneFault(wrong: Wrong) throws {
    #expect(SmallManifest.whole.contains(wrong.old))
    let faults = Samples.faults(SmallManifest.whole.replacing(wrong.old, with: wrong.new, maxReplacements: 1))
    #expect(faults.count == wrong.count, "\(faults)")
    #expect(faults.first?.hasPrefix(wrong.fault) == true, "\(faults)")
  }

  @Test("all faults of a file are reported at once, in the order of their lines")
  func allFaults() {
    let text = SmallManifest.whole.replacing("name: calico-node", with: "name: felix")
      .replacing("{secretName: 'shared'}", with: "{secretName: 'shared', items: []}")
      .replacing("ca: ''", with: "ca: /etc/ca")
    let faults = Samples.faults(
      text.replacing("value: ''", with: "valueFrom: {configMapKeyRef: {name: settings, key: ca}}"))
    let lines = faults.map { $0.split(separator: ":").dropFirst().first.flatMap { Int($0) } ?? 0 }
    #expect(faults.count == 3, "\(faults)")
    #expect(lines == lines.sorted())
  }

  @Test("other texts than manifests are refused")
  func noManifest() {
    for (text, fault) in [
      ("", "calico.yaml:1: the file contains no Kubernetes object"),
      ("# only a comment\n---\n", "calico.yaml:1: the file contains no Kubernetes object"),
      ("hello\n", "calico.yaml:1: the file has a document that is not a Kubernetes object"),
      ("---\nlayout: null\n---\n{% helm %}\n", "calico.yaml:4: the file is not valid YAML"),
      ("apiVersion: v1\nkind: ConfigMap\n", "calico.yaml:1: ConfigMap has no metadata.name"),
      (
        SmallManifest.configMap,
        "calico.yaml:1: the file has no container that mounts a volume at /calico-secrets"
      ),
      ("%YAML 1.1\n---\na: b\n", "calico.yaml:1: the file has a YAML directive"),
      ("a: *b\n", "calico.yaml:1: the file has the alias *b, whose anchor does not come before it"),
      (
        "a: b\n...\nc: d\n",
        "calico.yaml:3: the file is not valid YAML: did not find expected <document start>"
      ),
      ("a: \u{1}\n", "calico.yaml:1: the file is not valid YAML: control characters are not allowed"),
      (String(repeating: "[", count: 300), "calico.yaml:1: the file is nested more than 200 levels deep"),
    ] {
      #expect(Samples.faults(text).first?.hasPrefix(fault) == true, "\(Samples.faults(text))")
    }
  }

  @Test("exponentially growing aliases are parsed quickly")
  func manyAliases() {
    var text = "apiVersion: v1\nkind: X\nmetadata: {name: x}\na0: &a0 [x]\n"
    for level in 1..<60 { text += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1), *a\(level - 1)]\n" }
    #expect(Samples.faults(text).first?.contains("has no container") == true)

    var merged = "b0: &b0 {c: d}\n"
    for level in 1..<60 { merged += "b\(level): &b\(level) {<<: [*b\(level - 1), *b\(level - 1)]}\n" }
    let doubled = text.replacing("metadata: {name: x}\n", with: merged + "metadata: {name: x, <<: *b59}\n")
    #expect(Samples.faults(doubled).first?.contains("has no container") == true)
  }

  @Test("two documents of one object are refused, with both lines")
  func duplicates() {
    #expect(
      Samples.faults(SmallManifest.whole + SmallManifest.daemonSet) == [
        "calico.yaml:73: DaemonSet/agents is in the file twice, first in line 16"
      ])
    let faults = Samples.faults(SmallManifest.configMap + "---\n" + SmallManifest.whole)
    #expect(faults.first == "calico.yaml:16: ConfigMap/settings is in the file twice, first in line 1")
  }

  @Test("a merge key is followed, and shared nodes are not edited")
  func mergeKeys() {
    let text = SmallManifest.whole.replacing(
      "        - mountPath: /calico-secrets/\n          name: tls\n", with: "        - <<: *mount\n"
    ).replacing(
      "- {mountPath: /calico-secrets, name: tls}\n      cont",
      with: "- &mount {mountPath: /calico-secrets, name: tls}\n      cont")
    let faults = Samples.faults(text)
    #expect(faults.count == 1)
    #expect(
      faults.first?.contains("is written with the anchor &mount, which *mount in line 40 repeats") == true,
      "\(faults)")
  }

  @Test("another pod that mounts the shared Secret is refused, at any mount path")
  func otherPod() {
    let pod = """
      ---
      apiVersion: v1
      kind: Pod
      metadata: {name: backup, namespace: net}
      spec:
        containers:
        - name: backup
          volumeMounts: [{mountPath: /certs, name: c}]
        volumes: [{name: c, secret: {secretName: shared}}]

      """
    #expect(
      Samples.faults(SmallManifest.whole + pod) == [
        "calico.yaml:79: Pod/backup, container backup uses the credential's volume c at /certs and is not a Calico component "
          + "that is known"
      ])
    #expect(
      Samples.faults(SmallManifest.whole + pod.replacing("namespace: net", with: "namespace: other")) == [])
    #expect(Samples.faults(SmallManifest.whole + pod, components: ["backup": "calico-node"]) == [])
  }

  /// etcd counts a password before a certificate, so the container would keep the old user's access.
  @Test("a login beside the certificate is found in envFrom too; an empty one is left")
  func otherLogins() {
    let image = "        image: calico/node:v3.32.1\n"
    let from = SmallManifest.whole.replacing(
      "data:\n  endpoints", with: "data:\n  USERNAME: root\n  endpoints")
    for (prefix, count) in [("ETCD_", 1), ("OTHER_", 0)] {
      let text = from.replacing(
        image, with: image + "        envFrom: [{prefix: \(prefix), configMapRef: {name: settings}}]\n")
      let faults = Samples.faults(text)
      #expect(faults.count == count, "\(faults)")
      #expect(
        faults.allSatisfy {
          $0.hasPrefix("calico.yaml:7: ConfigMap/settings, USERNAME is ETCD_USERNAME in DaemonSet/agents")
        }, "\(faults)")
    }
    let sleep = "        - {name: SLEEP, value: \"false\"}\n"
    for variable in ["{name: ETCD_USERNAME, value: \"\"}", "{name: ETCD_PASSWORD}"] {
      #expect(
        Samples.faults(SmallManifest.whole.replacing(sleep, with: "        - \(variable)\n")) == [],
        "\(variable)")
    }
    // An installer without a mount, and a job of the user.
    let spray = OtherInstallers.Kubespray().text.replacing(
      "- {name: SLEEP, value: \"false\"}",
      with: "- {name: SLEEP, value: \"false\"}\n            - {name: ETCD_USERNAME, value: root}")
    for way in [DeliveryCheck.Way.host, .agent] {
      do {
        _ = try Samples.segment(spray, delivery: ModeChangeTests.delivery(way))
        Issue.record("\(way)")
      } catch {
        #expect("\(error)".contains("container install-cni has ETCD_USERNAME"), "\(error)")
      }
    }
    let job = RunbookTests.job.replacing("env: []", with: "env: [{name: ETCDCTL_USER, value: root}]")
    let faults = Samples.faults(SmallManifest.whole + job, components: ["save": "cni-plugin"])
    #expect(
      faults.count == 1 && faults.first?.contains("container save has ETCDCTL_USER") == true, "\(faults)")
  }

  @Test("Secrets with duplicate, invalid or missing names are refused")
  func secrets() throws {
    func faults(_ secrets: [ComponentSecret]) -> [String] {
      let segmenter = ManifestSegmenter(options: ManifestOptions(secrets: secrets, placement: .separate))
      do throws(ManifestRefusal) {
        _ = try segmenter.segment(SmallManifest.whole, file: "calico.yaml")
        return []
      } catch {
        return error.faults.map(\.description)
      }
    }
    #expect(faults(Samples.secrets) == [])
    var same = Samples.secrets
    same[1].name = same[0].name
    #expect(faults(same).first?.contains("is used for both calico-node and cni-plugin") == true)
    var bad = Samples.secrets
    bad[0].name = "Calico_Node"
    #expect(
      faults(bad).first?.contains("would be named Calico_Node, which Kubernetes does not allow") == true)
    var missing = Samples.secrets
    missing[2].material = nil
    #expect(
      faults(missing).first?.contains("is needed by kube-controllers, which has no certificate")
        == true)
  }
}
