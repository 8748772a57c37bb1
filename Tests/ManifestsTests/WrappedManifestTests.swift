import Foundation
import Manifests
import Testing
import YAML

/// Manifests whose objects are items of one document.
@Suite("lists of objects")
struct WrappedManifestTests {
  static let names = [
    "DaemonSet/agents install-cni": "calico-cni-etcd-secrets",
    "DaemonSet/agents calico-node": "calico-node-etcd-secrets",
    "Deployment/controllers calico-kube-controllers": "calico-kube-controllers-etcd-secrets",
  ]

  /// The small manifest as the items of a list.
  static func wrapped(_ head: String, dash: String = "- ", tail: String = "") -> String {
    let items = SmallManifest.whole.components(separatedBy: "---\n").map { document in
      let indent = String(repeating: " ", count: dash.count)
      let lines = document.split(separator: "\n").map { indent + $0 }.joined(separator: "\n")
      let comments = lines.hasPrefix(indent + "#") ? lines.split(separator: "\n", maxSplits: 1) : []
      return comments.count == 2
        ? "\(comments[0])\n\(dash)\(comments[1].dropFirst(dash.count))" : dash + lines.dropFirst(dash.count)
    }
    return head + items.joined(separator: "\n") + "\n" + tail
  }

  static let list = wrapped("apiVersion: v1\nkind: List\nitems:\n")
  static let resourceList = wrapped(
    "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n",
    tail:
      "functionConfig:\n  apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: config}\n  data: {components: \"\"}\n"
  )

  @Test("the items of a list are segmented in place, wherever the shared Secret is")
  func lists() throws {
    let first = Self.wrapped("apiVersion: v1\nkind: List\nmetadata: {}\nitems:\n", dash: "  - ")
    for text in [Self.list, first, first + "other: x\n", String(Self.list.dropLast())] {
      let result = try Samples.segment(text, placement: .inline)
      #expect(try ParsedManifest(result.text).credentials == Self.names)
      #expect(try ParsedManifest(result.text).objects.count == 6)
      #expect(try Samples.segment(result.text, placement: .inline).text == result.text)
      #expect(result.text.hasSuffix("\n") == text.hasSuffix("\n"))
      #expect(try ParsedManifest(Samples.segment(text).text).objects.count == 3)
    }
  }

  @Test("JSON as kubectl get writes it stays JSON")
  func json() throws {
    guard Command.exists("kubectl") else { return }
    let object: [String: Any] = [
      "apiVersion": "v1", "kind": "List",
      "items": [
        ["apiVersion": "v1", "kind": "Secret", "metadata": ["name": "s"], "data": ["etcd-key": ""]],
        [
          "apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": ["name": "d"],
          "spec": [
            "template": [
              "spec": [
                "initContainers": [
                  [
                    "name": "install-cni", "image": "calico/cni:v3.32.1",
                    "volumeMounts": [["mountPath": "/calico-secrets", "name": "v"]],
                  ]
                ],
                "containers": [
                  [
                    "name": "calico-node", "image": "calico/node:v3.32.1",
                    "env": ["CA_CERT", "CERT", "KEY"].map { ["name": "ETCD_\($0)_FILE", "value": ""] },
                    "volumeMounts": [["mountPath": "/calico-secrets", "name": "v"]],
                  ]
                ], "volumes": [["name": "v", "secret": ["secretName": "s"]]],
              ]
            ]
          ],
        ],
      ],
    ]
    for options in [JSONSerialization.WritingOptions.prettyPrinted, []] {
      let data = try JSONSerialization.data(withJSONObject: object, options: options)
      let result = try Samples.segment(String(decoding: data, as: UTF8.self), placement: .inline)
      let parsed = try #require(
        try JSONSerialization.jsonObject(with: Data(result.text.utf8)) as? [String: Any])
      #expect((parsed["items"] as? [Any])?.count == 3)
      #expect(
        try ParsedManifest(result.text).credentials == [
          "DaemonSet/d install-cni": "calico-cni-etcd-secrets",
          "DaemonSet/d calico-node": "calico-node-etcd-secrets",
        ])
    }
  }

  @Test("a list of another kind, and an item that is not an object, are refused")
  func refused() {
    #expect(
      Samples.faults(Self.list.replacing("kind: List", with: "kind: ConfigMapList")) == [
        "calico.yaml:2: ConfigMapList wraps its objects in a kind: ConfigMapList"
      ])
    #expect(
      Samples.faults(Self.list + "- just text\n").first?.contains("has an item that is not a Kubernetes")
        == true
    )
    #expect(!Samples.faults("apiVersion: v1\nkind: List\nitems: []\n").isEmpty)
  }

  private func function() -> ResourceListFunction {
    ResourceListFunction(
      segmenter: ManifestSegmenter(options: ManifestOptions(secrets: Samples.secrets, placement: .none)))
  }

  @Test("a KRM function returns its items segmented, every comment kept, and the changes as results")
  func resourceList() throws {
    let outcome = try function().run(Self.resourceList, file: "standard input")
    let segmented = try outcome.result.get()
    #expect(segmented.changedLines == 7 && segmented.addedLines == 4)
    #expect(outcome.text.hasPrefix(segmented.text))
    #expect(outcome.text.contains("# both"))
    let parsed = try ParsedManifest(outcome.text)
    #expect(parsed.credentials == Self.names)
    let root = try #require(try ParsedManifest.documents(outcome.text).first)
    let results = try #require(root["results"]?.sequence)
    #expect(results.count == segmented.changes.count + segmented.warnings.count)
    #expect(Set(results.compactMap { $0["severity"]?.string }) == ["info", "warning"])
    #expect(results.contains { $0["resourceRef"]?["namespace"]?.string == "net" })
    let again = try function().run(outcome.text, file: "standard input")
    #expect(try again.result.get().isAlreadySegmented)
  }

  @Test("a KRM function returns refused items unchanged, with the reasons as results")
  func refusedResourceList() throws {
    let text = Self.resourceList.replacing("name: calico-node", with: "name: felix")
    let outcome = try function().run(text, file: "standard input")
    #expect(throws: ManifestRefusal.self) { try outcome.result.get() }
    #expect(outcome.text.hasPrefix(text))
    let results = try ParsedManifest.documents(outcome.text).first?["results"]?.sequence ?? []
    #expect(results.count == 1 && results.first?["severity"]?.string == "error")
    #expect(results.first?["resourceRef"]?["name"]?.string == "agents")
    let mapped = try function().run(
      text.replacing("components: \"\"", with: "components: felix=calico-node"), file: "standard input")
    #expect(try !mapped.result.get().isAlreadySegmented)
    #expect(throws: ManifestRefusal.self) { try function().run(SmallManifest.whole, file: "x") }
  }

  @Test("a KRM function adds agents and their ConfigMaps as items, and takes them out again")
  func agents() throws {
    var function = function()
    function.segmenter.options.delivery = AgentDeliveryTests.agent
    let outcome = try function.run(Self.resourceList, file: "standard input")
    _ = try outcome.result.get()
    #expect(try DeliveryCheck.faults(outcome.text, .agent) == [])
    #expect(try function.run(outcome.text, file: "x").result.get().isAlreadySegmented)
    let back = try self.function().run(outcome.text, file: "x")
    _ = try back.result.get()
    #expect(try DeliveryCheck.faults(back.text, .secret) == [])
  }

  @Test("a KRM function passes on a list without Calico, and an empty one")
  func pipeline() throws {
    let other =
      "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: a}\n"
    let empty = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems: []\n"
    for text in [other, empty] {
      let outcome = try function().run(text, file: "x")
      #expect(try outcome.result.get().isAlreadySegmented)
      #expect(outcome.text == text)
    }
  }
}
