import Foundation
import Manifests
import Testing
import YAML

@Suite("difficult manifests", .enabled(if: Samples.arePresent, "../shared/manifests is not there"))
struct DifficultManifestTests {
  private func text(_ name: String) throws -> String { try Samples.text("nasty/\(name).yaml") }

  private let segmented = [
    "calico-node": "calico-node-etcd-secrets", "install-cni": "calico-cni-etcd-secrets",
    "calico-kube-controllers": "calico-kube-controllers-etcd-secrets",
  ]

  private func credentials(_ text: String) throws -> [String: String] {
    var found: [String: String] = [:]
    for (title, secret) in try ParsedManifest(text).credentials {
      found[title.split(separator: " ").last.map(String.init) ?? ""] = secret
    }
    return found
  }

  @Test("01: CRLF on every line, inserted ones too, and still no newline at the end")
  func crlf() throws {
    let old = try text("01-crlf-no-eof-newline")
    for placement in [ManifestOptions.SecretPlacement.inline, .none] {
      let result = try Samples.segment(old, placement: placement)
      let bytes = Array(result.text.utf8)
      let lineFeeds = bytes.indices.filter { bytes[$0] == 10 }
      #expect(lineFeeds.count > 700)
      #expect(lineFeeds.allSatisfy { $0 > 0 && bytes[$0 - 1] == 13 })
      #expect(bytes.count { $0 == 13 } == lineFeeds.count)
      #expect(bytes.last != 10)
      #expect(try credentials(result.text) == segmented)
      #expect(result.changedLines == 6 && result.addedLines == 6)
      #expect(Array(try Samples.segment(result.text, placement: placement).text.utf8) == bytes)
    }
  }

  @Test("02: one byte order mark at the start, comments unchanged")
  func byteOrderMark() throws {
    let old = try text("02-bom-tabs-in-comments")
    let result = try Samples.segment(old, sharedSecret: .keep)
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    #expect(result.text.utf8.starts(with: mark))
    #expect(!result.text.utf8.dropFirst(3).starts(with: mark))
    let difference = try LineDifference(old, result.text)
    #expect(difference.removed.count == 6 && difference.added.count == 12)
    #expect(try credentials(result.text) == segmented)
  }

  @Test("03: a kind: List is edited in place, its Secrets become items")
  func list() throws {
    let old = try text("03-kind-list")
    let result = try Samples.segment(old, placement: .inline)
    #expect(result.changedLines == 6 && result.addedLines == 6)
    #expect(result.text.contains("\n  - apiVersion: v1\n    kind: Secret\n    type: Opaque\n    metadata:\n"))
    #expect(!result.text.contains("name: calico-etcd-secrets"))
    #expect(try Samples.segment(result.text, placement: .inline).text == result.text)
    #expect(try credentials(result.text) == segmented)
    let difference = try LineDifference(old, try Samples.segment(old, sharedSecret: .keep).text)
    #expect(difference.removed.count == 6 && difference.added.count == 12)
  }

  @Test("05: a segmented manifest stays unchanged, byte for byte")
  func alreadySegmented() throws {
    let old = try text("05-already-segmented")
    for placement in [ManifestOptions.SecretPlacement.inline, .separate, .none] {
      let result = try Samples.segment(old, placement: placement)
      #expect(Array(result.text.utf8) == Array(old.utf8))
      #expect(result.isAlreadySegmented)
      #expect(result.secrets == "")
      #expect(result.warnings.count { $0.kind == .secretAlreadyPresent } == 3)
      #expect(result.warnings.contains { $0.kind == .compactionPeriod && $0.place.line == 453 })
    }
  }

  @Test("06: in a half-segmented manifest, only the DaemonSet changes")
  func halfSegmented() throws {
    let old = try text("06-half-segmented")
    let result = try Samples.segment(old, placement: .inline)
    let objects = result.changes.map { $0.place.object ?? "" }
    #expect(Set(objects.filter { !$0.hasPrefix("Secret/") }) == ["DaemonSet/calico-node"])
    #expect(result.changedLines == 2 && result.addedLines == 4)
    #expect(try credentials(result.text) == segmented)
    let parsed = try ParsedManifest(result.text).objects
    let controllers = parsed.filter { $0.title == "Secret/calico-kube-controllers-etcd-secrets" }
    #expect(controllers.map { $0.node["data"]?["etcd-key"]?.string } == ["S0VZ"])
    #expect(
      Set(parsed.map(\.title).filter { $0.hasPrefix("Secret/") }) == [
        "Secret/calico-node-etcd-secrets", "Secret/calico-cni-etcd-secrets",
        "Secret/calico-kube-controllers-etcd-secrets",
      ])
  }

  @Test("07: references are followed whatever the names: new Secrets in the workload's namespace")
  func renamed() throws {
    let old = try text("07-renamed-everything")
    let result = try Samples.segment(old, placement: .inline)
    #expect(try credentials(result.text) == segmented)
    #expect(result.changedLines == 6 && result.addedLines == 6)
    let values = try ParsedManifest(result.text).values
    #expect(values["ConfigMap/my-net-config.data.etcd_key"] == "/calico-secrets/etcd-key (str)")
    #expect(values["Secret/calico-cni-etcd-secrets.metadata.namespace"] == "calico-system (str)")
    #expect(
      values["DaemonSet/cn-linux.spec.template.spec.volumes[tls-material-cni].name"]
        == "tls-material-cni (str)")
    #expect(!values.keys.contains { $0.hasPrefix("Secret/etcd-client-tls") })
    #expect(!result.warnings.contains { $0.kind == .imageNotRecognised })
  }

  @Test("09: quotes, unindented lists and decimal modes stay, and new lines have the same style")
  func quoted() throws {
    let old = try text("09-quoted-keys")
    let result = try Samples.segment(old, sharedSecret: .keep)
    let difference = try LineDifference(old, result.text)
    #expect(difference.removed.count == 6)
    #expect(
      Set(difference.added) == [
        #"  "etcd_ca": "/calico-secrets/etcd-ca""#, #"  "etcd_cert": "/calico-secrets/etcd-cert""#,
        #"  "etcd_key": "/calico-secrets/etcd-key""#, #"          "name": "etcd-certs-cni""#,
        #"          "secretName": "calico-node-etcd-secrets""#, #"      - "name": "etcd-certs-cni""#,
        #"        "secret":"#, #"          "defaultMode": 256"#,
        #"          "secretName": "calico-cni-etcd-secrets""#, #"        - "name": "COMPACTION_PERIOD""#,
        #"          "value": "0""#, #"          "secretName": "calico-kube-controllers-etcd-secrets""#,
      ])
    #expect(difference.added.count == 12)
  }

  @Test("11: an anchored mount is refused, with both lines")
  func anchors() throws {
    let faults = Samples.faults(try text("11-anchors-aliases"))
    #expect(faults.count == 1)
    #expect(
      faults.first?.hasPrefix("calico.yaml:190: DaemonSet/calico-node, container install-cni is written with")
        == true)
    #expect(faults.first?.contains("line 362") == true)
  }

  @Test("12: a mount of a missing volume is refused")
  func missingVolume() throws {
    #expect(
      Samples.faults(try text("12-missing-volume")) == [
        "calico.yaml:502: Deployment/calico-kube-controllers, container calico-kube-controllers mounts the volume "
          + "etcd-certs at /calico-secrets, which the pod does not have"
      ])
  }

  @Test("13: a sidecar on the volume is refused, and accepted if it is mapped to a component")
  func sidecar() throws {
    let old = try text("13-user-sidecar")
    let faults = Samples.faults(old)
    #expect(faults.count == 2)
    #expect(
      faults.first?.hasPrefix("calico.yaml:376: DaemonSet/calico-node, container etcd-probe uses") == true)
    #expect(faults.last?.contains("/etc/ssl/etcd/client.key") == true)

    let result = try Samples.segment(old, components: ["etcd-probe": "calico-node"])
    #expect(result.warnings.contains { $0.kind == .subPath && $0.place.part == "container etcd-probe" })
    var wanted = segmented
    wanted["etcd-probe"] = "calico-node-etcd-secrets"
    #expect(try credentials(result.text) == wanted)
    #expect(!Samples.faults(old, components: ["etcd-probe": "prober"]).isEmpty)
  }

  @Test("16: a shared Secret with content is kept with a warning; its content is neither copied nor shown")
  func filled() throws {
    let old = try text("16-secret-filled")
    let result = try Samples.segment(old, placement: .inline)
    #expect(result.text.hasPrefix(try String(#require(old.lines.first))))
    let fake = "TFMwdExTMUNSVWRKVGlCUVVrbFdRVlJGSUV0RldTMHRMUzB0TWtZRkFLRQ=="
    #expect(result.text.components(separatedBy: fake).count == old.components(separatedBy: fake).count)
    #expect(result.warnings.contains { $0.kind == .sharedSecretPopulated && $0.place.line == 510 })
    for shown in [result.diff(), result.secrets, "\(result.warnings)", "\(result.changes)"] {
      #expect(!shown.contains(fake) && !shown.contains("RkFLRSBOT1Qg"))
    }
    let parsed = try ParsedManifest(result.text)
    #expect(parsed.values["Secret/calico-etcd-secrets.data.etcd-key"] == "\(fake) (str)")
    #expect(try credentials(result.text) == segmented)

    let dropped = try Samples.segment(old, placement: .none, sharedSecret: .drop)
    #expect(!dropped.text.contains(fake))
    #expect(!dropped.diff().contains(fake) && !dropped.diff().contains("RkFLRSBOT1Qg"))
  }

  @Test("19: duplicate keys are refused, each with both lines")
  func duplicateKeys() throws {
    let faults = Samples.faults(try text("19-duplicate-keys"))
    #expect(
      faults
        == [("etcd_ca", 55), ("etcd_cert", 56), ("etcd_key", 57)].map { key, line in
          "calico.yaml:\(line + 3): ConfigMap/calico-config has the key \(key) twice, in line \(line) and line \(line + 3)"
        })
  }

  @Test("each gives the same bytes after a second run, or is refused")
  func idempotence() throws {
    for name in [
      "01-crlf-no-eof-newline", "02-bom-tabs-in-comments", "03-kind-list", "06-half-segmented",
      "07-renamed-everything",
      "09-quoted-keys", "16-secret-filled",
    ] {
      let once = try Samples.segment(try text(name), placement: .inline)
      #expect(
        Array(try Samples.segment(once.text, placement: .inline).text.utf8) == Array(once.text.utf8),
        "\(name)")
    }
  }
}
