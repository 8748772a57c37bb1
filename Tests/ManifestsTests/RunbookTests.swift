import Foundation
import Manifests
import Testing

@Suite("runbooks")
struct RunbookTests {
  /// A job of the user, which `kubectl rollout` does not know.
  static let job = """
    ---
    apiVersion: batch/v1
    kind: CronJob
    metadata: {name: save, namespace: net}
    spec:
      schedule: "0 0 * * *"
      jobTemplate:
        spec:
          template:
            spec:
              restartPolicy: Never
              containers:
              - name: save
                image: example/save:1
                env: []
                volumeMounts: [{mountPath: /calico-secrets, name: tls}]
              volumes: [{name: tls, secret: {secretName: shared}}]

    """

  private func commands(_ text: String, _ delivery: ManifestOptions.Delivery, file: String) throws -> String {
    try Samples.segment(text, components: ["save": "backup"], delivery: delivery).runbook(
      of: "calico.yaml", file: file)
  }

  @Test("the commands name the segmentation's file, and Secrets are written for pods that need them")
  func names() throws {
    let text = SmallManifest.whole + Self.job
    for delivery in [
      ManifestOptions.Delivery.secrets, .host(folder: "/etc/bulkhead"), AgentDeliveryTests.agent,
    ] {
      let runbook = try commands(text, delivery, file: "canal.yaml")
      let lines = runbook.split(separator: "\n").filter {
        $0.contains(/bulkhead (plan|apply|preflight|verify|manifest)/)
      }
      #expect(lines.count > 6 && lines.allSatisfy { $0.contains(" --file canal.yaml") }, "\(lines)")
      #expect(
        runbook.contains(
          " --secrets secrets.yaml --to segmented.yaml\nkubectl apply --server-side -f secrets"))
      #expect(!runbook.contains(/rollout \w+ cronjob/) && runbook.contains("get cronjob/save "), "\(runbook)")
      #expect(try !commands(text, delivery, file: "bulkhead.yaml").contains(" --file"))
      // verify cannot exit with 0 while the shared user exists.
      #expect(runbook.contains("it exits with 2, because OLD-USER still exists until the next step"))
    }
    let served = try commands(SmallManifest.whole, AgentDeliveryTests.agent, file: "bulkhead.yaml")
    #expect(served.contains(" --secrets none --to segmented.yaml") && !served.contains("secrets.yaml"))
  }

  /// `kubectl rollout undo` brings back pods that read the old paths, and not the ConfigMap with them.
  @Test("the way back restores ConfigMaps, and what has no rollout, before the pods")
  func wayBack() throws {
    guard case .agent(var other) = AgentDeliveryTests.agent else { return }
    other.source = other.source.replacing("8443", with: "9443")
    let host = ManifestOptions.Delivery.host(folder: "/etc/bulkhead")
    var texts = [
      SmallManifest.whole + Self.job, OtherInstallers.Kubespray().text, OtherInstallers.literal() + Self.job,
    ]
    if Samples.arePresent { texts.append(try Samples.text("hosted/v3.32.1-calico-etcd.yaml")) }
    var cases: [(String, ManifestOptions.Delivery)] = [(texts[0], .secrets)]
    for text in texts {
      cases.append((text, host))
      cases.append((text, AgentDeliveryTests.agent))
    }
    let agents = try Samples.segment(SmallManifest.whole, delivery: AgentDeliveryTests.agent).text
    for delivery in [host, .agent(other), .secrets] { cases.append((agents, delivery)) }
    for (text, delivery) in cases {
      let result = try Samples.segment(text, components: ["save": "backup"], delivery: delivery)
      let lines = result.runbook(of: "calico.yaml").split(separator: "\n").map { $0.drop { $0 == " " } }
      let copied = lines.filter { $0.contains(" >before-") }
      let restored = lines.filter { $0.contains(" patch ") }
      #expect(copied.count == restored.count)
      let changes = try ParsedManifest.changes(from: text, to: result.text)
      let after = Set(try ParsedManifest(result.text).objects.map(\.title))
      for title in try ParsedManifest(text).objects.map(\.title)
      where title.hasPrefix("ConfigMap/") && after.contains(title) {
        let isChanged = changes.contains { $0.hasPrefix("\(title).") }
        let name = title.replacing("ConfigMap/", with: "configmap/")
        #expect(copied.contains { $0.contains(" \(name) ") } == isChanged, "\(title)")
      }
      #expect(copied.contains { $0.contains(" cronjob/save ") } == text.contains("CronJob"))
      if let last = lines.lastIndex(where: { $0.contains(" patch ") }),
        let undo = lines.firstIndex(where: { $0.contains("rollout undo") })
      {
        #expect(last < undo)
      }
    }
  }

  @Test("the commands of the way back give what was saved to kubectl, as JSON")
  func patches() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "manifests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let lines = try commands(SmallManifest.whole + Self.job, .secrets, file: "bulkhead.yaml")
      .split(separator: "\n").map { String($0.drop { $0 == " " }) }
    let saved = #"{"a b":"$HOME \"c\" \\n `d`"}"#
    let script = """
      kubectl() {
        for word; do last=$word; done
        case $* in *" get "*) printf '%s' '\(saved)' ;; *" patch "*) printf '%s\\n' "$last" ;; esac
      }

      """
    let both = lines.filter { $0.contains(" >before-") } + lines.filter { $0.contains(" patch ") }
    #expect(both.count == 4, "\(both)")
    let outcome = try Command.run("bash", ["-c", script + both.joined(separator: "\n")], in: folder)
    #expect(
      Set(outcome.output.split(separator: "\n").map(String.init))
        == [#"{"data": \#(saved)}"#, #"{"spec": \#(saved)}"#], "\(outcome.output)")
  }
}
