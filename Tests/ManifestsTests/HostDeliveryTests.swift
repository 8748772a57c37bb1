import Manifests
import Testing

@Suite("credentials from the host")
struct HostDeliveryTests {
  private let host = ManifestOptions.Delivery.host(folder: "/etc/bulkhead")

  @Test("a DaemonSet's components get their own folders, a Deployment's keep a Secret")
  func wiring() throws {
    for text in [SmallManifest.whole, try Samples.segment(SmallManifest.whole, placement: .inline).text] {
      let result = try Samples.segment(text, placement: .inline, delivery: host)
      let parsed = try ParsedManifest(result.text)
      #expect(
        parsed.credentials == [
          "DaemonSet/agents install-cni": "/etc/bulkhead/cni-plugin (Directory)",
          "DaemonSet/agents calico-node": "/etc/bulkhead/calico-node (Directory)",
          "Deployment/controllers calico-kube-controllers": "calico-kube-controllers-etcd-secrets",
        ])
      let mounts = parsed.values.filter { $0.key.contains("agents") && $0.key.hasSuffix(".readOnly") }
      #expect(mounts.count == 2 && mounts.values.allSatisfy { $0 == "true (bool)" })
      #expect(
        parsed.objects.map(\.title).filter { $0.hasPrefix("Secret/") } == [
          "Secret/calico-kube-controllers-etcd-secrets"
        ])
      #expect(!parsed.values.keys.contains { $0.contains("agents") && $0.contains("volumes[tls]") })
      #expect(result.warnings.count { $0.kind == .hostFiles } == 2)
      let again = try Samples.segment(result.text, placement: .inline, delivery: host)
      #expect(again.isAlreadySegmented && again.text == result.text)
    }
  }

  @Test(
    "with Calico's own manifests", .enabled(if: Samples.arePresent, "../shared/manifests is not there"),
    arguments: Samples.calico + Samples.canal)
  func hosted(name: String) throws {
    let result = try Samples.segment(try Samples.text(name), delivery: host)
    let credentials = try ParsedManifest(result.text).credentials
    for (container, source) in credentials {
      let isHosted = container.hasPrefix("DaemonSet/")
      #expect(source.hasPrefix("/etc/bulkhead/") == isHosted, "\(container): \(source)")
    }
    #expect(try Samples.segment(result.text, delivery: host).isAlreadySegmented)
  }

  @Test("the plugin reads the host's files itself, and the installer copies nothing")
  func plugin() throws {
    let text = try Samples.segment(SmallManifest.whole, delivery: host).text
    let values = try ParsedManifest(text).values
    let configuration = try #require(values["ConfigMap/settings.data.cni"])
    for file in ["ca", "cert", "key"] {
      #expect(configuration.contains("\"/etc/bulkhead/cni-plugin/etcd-\(file)\""))
    }
    #expect(!configuration.contains("__ETCD"))
    let mounts = values.keys.filter { $0.contains("install-cni") && $0.hasSuffix(".mountPath") }
    #expect(mounts.compactMap { values[$0] } == ["/host/bulkhead/cni-plugin (str)"])
    #expect(try !Samples.segment(text, delivery: host).warnings.contains { $0.kind == .installerRotation })
  }

  @Test("a configuration in another file is refused: the plugin would go on with its old files")
  func elsewhere() throws {
    let text = SmallManifest.whole.replacing(
      "configMapKeyRef: {name: settings, key: cni}", with: "configMapKeyRef: {name: other, key: cni}")
    #expect(throws: ManifestRefusal.self) { try Samples.segment(text, delivery: host) }
    let quoted = SmallManifest.whole.replacing(
      "valueFrom: {configMapKeyRef: {name: settings, key: cni}}",
      with:
        #"value: "{\"etcd_key_file\": \"__ETCD_KEY_FILE__\", \"etcd_cert_file\": \"\", \"etcd_ca_cert_file\":\"x\"}""#
    )
    let result = try Samples.segment(quoted, delivery: host).text
    #expect(result.contains(#"\"etcd_cert_file\": \"/etc/bulkhead/cni-plugin/etcd-cert\""#))
    #expect(try Samples.segment(result).text.contains(#"\"etcd_cert_file\": \"__ETCD_CERT_FILE__\""#))
  }

  @Test("another folder, or a type that creates a missing folder, is replaced by the right one")
  func wrong() throws {
    let right = try Samples.segment(SmallManifest.whole, delivery: host).text
    for (old, new) in [
      ("/etc/bulkhead/cni-plugin\n", "/etc/bulkhead/calico-node\n"),
      ("type: Directory", "type: DirectoryOrCreate"),
    ] {
      let text = try Samples.segment(right.replacing(old, with: new), delivery: host).text
      #expect(try DeliveryCheck.faults(text, .host) == [])
    }
    for folder in ["etc", "/etc/../x", "/etc/", "/a b", ""] {
      #expect(throws: ManifestRefusal.self) {
        try Samples.segment(SmallManifest.whole, delivery: .host(folder: folder))
      }
    }
  }
}
