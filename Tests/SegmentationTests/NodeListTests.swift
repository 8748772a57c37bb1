import Catalogue
import Foundation
import StrictYAML
import Testing

@testable import Segmentation

@Suite struct NodeListTests {
  /// Names in Kubernetes that are not Calico's.
  @Test func namesOfKubernetesBecomeThoseOfCalico() throws {
    let text = """
      apiVersion: bulkhead/v1
      kind: Segmentation
      cluster: c
      calico: {version: v3.32}
      etcd: {endpoints: [https://10.0.0.11:2379], ca: a, certificate: b, key: c}
      isolation: node-user
      components: [calico-node]
      nodes: [n1, {host-2: {kubernetes: ip-2.internal}}]
      """
    let catalogue = try catalogue()
    let file = try SegmentationFile(text, file: "bulkhead.yaml", catalogue: catalogue)
    #expect(file.nodes.map(\.text) == ["n1", "host-2"])
    #expect(file.nodesByKubernetesName.mapValues(\.text) == ["ip-2.internal": "host-2"])
    let list = try NodeList("n1\nip-2.internal\nn3\n", file: "nodes")
    let listed = try SegmentationFile(text, file: "bulkhead.yaml", catalogue: catalogue, nodes: list)
    #expect(listed.nodes.map(\.text) == ["n1", "host-2", "n3"])
    #expect(listed.nodesByKubernetesName == file.nodesByKubernetesName)
    // Another node has in Kubernetes the name that this one has in Calico.
    let twice = try NodeList("ip-2.internal\nhost-2\n", file: "nodes")
    let same = #expect(throws: FileFaults.self) {
      try SegmentationFile(text, file: "bulkhead.yaml", catalogue: catalogue, nodes: twice)
    }
    #expect("\(same.map { "\($0)" } ?? "")".contains("two nodes of the list are 'host-2' in Calico"))
    for (nodes, word) in [
      ("[{a: {kubernetes: x}}, {b: {kubernetes: x}}]", "two nodes have the name"),
      ("[{a: {kubernetes: x}, b: {kubernetes: y}}]", "more than one name"),
      ("[x, {a: {kubernetes: x}}]", "two nodes have the name 'x' in Kubernetes: 'a' and 'x'"),
      ("[{a: {kubernete: x}}]", "unknown key"), ("[{A: {kubernetes: x}}]", "not a valid node name"),
      ("[{a: x}]", "must be a mapping"),
    ] {
      let faults = #expect(throws: FileFaults.self) {
        try SegmentationFile(
          text.replacing("[n1, {host-2: {kubernetes: ip-2.internal}}]", with: nodes), file: "x",
          catalogue: catalogue)
      }
      #expect("\(faults.map { "\($0)" } ?? "")".contains(word), "\(nodes)")
    }
  }

  private func names(_ text: String) throws -> [String] {
    try NodeList(text, file: "nodes.txt").names.map(\.text)
  }

  private func faults(_ text: String) -> [String] {
    do throws(FileFaults) {
      _ = try NodeList(text, file: "nodes.txt")
      return []
    } catch {
      return error.description.split(separator: "\n").map(String.init)
    }
  }

  @Test func `a list has a name on each line`() throws {
    #expect(try names("node-1\nnode-2\n") == ["node-1", "node-2"])
    #expect(
      try names("# the cluster\r\n\r\n  node/node-1  # old\r\nnode/10.0.0.1") == ["node-1", "10.0.0.1"])
  }

  @Test func `kubectl's JSON gives the names of its nodes`() throws {
    let nodes =
      #"{"kind":"List","items":[{"kind":"Node","metadata":{"name":"n1","labels":{"name":"x"}}},{"metadata":{"name":"n2"}}]}"#
    #expect(try names(nodes) == ["n1", "n2"])
    #expect(try names("\n" + #"{"kind":"NodeList","items":[{"metadata":{"name":"n1"}}]}"#) == ["n1"])
    #expect(try names(#"{"kind":"Node","metadata":{"name":"n1"}}"#) == ["n1"])
  }

  @Test func `faults are reported with their line`() {
    #expect(
      faults("node-1\nNode-2\n\nnode-1\nnode_3\n") == [
        "nodes.txt:2:1: \"Node-2\" is not a valid node name of Calico",
        "  hint: Calico writes host names in lower case: \"node-2\"",
        "nodes.txt:4:1: the node 'node-1' is listed twice", "  hint: keep one of them",
        "nodes.txt:5:1: \"node_3\" is not a valid node name of Calico",
        "  hint: use a-z, 0-9, '-' and '.', with a letter or digit at both ends of each part",
      ])
    let json = "{\"items\": [\n{\"metadata\": {\n\"labels\": {\"host\": \"N1\"},\n\"name\": \"N1\"}}]}"
    #expect(faults(json).first == "nodes.txt:4:1: \"N1\" is not a valid node name of Calico")
  }

  @Test(arguments: [
    ("", "the list has no nodes"), ("# nobody\n", "the list has no nodes"),
    (#"{"items":[]}"#, "the list has no nodes"), ("{", "this is not JSON of Kubernetes"),
    (#"{"kind":"Pod","metadata":{"name":"p"}}"#, "this is not a list of nodes but 'Pod'"),
    (#"{"items":[{"kind":"Pod","metadata":{"name":"p"}}]}"#, "item 1 is not a node but 'Pod'"),
  ])
  func `other texts and empty lists are refused`(text: String, message: String) {
    #expect(faults(text).first == "nodes.txt:1:1: \(message)")
  }

  @Test func `a list replaces the file's nodes and is checked like them`() throws {
    let text = """
      apiVersion: bulkhead/v1
      kind: Segmentation
      cluster: c
      calico: {version: v3.32}
      etcd: {endpoints: [https://10.0.0.11:2379], ca: a, certificate: b, key: c}
      components: [calico-node]
      calicoctl: [{user: calico-node.n9, access: full}]
      isolation: node-user
      nodes: other.txt
      """
    let all = try catalogue()
    func read(_ list: String?) throws -> SegmentationFile {
      try SegmentationFile(
        text, file: "b.yaml", catalogue: all, nodes: list.map { try NodeList($0, file: "nodes.txt") })
    }
    let unread = try read(nil)
    #expect(unread.nodesFile == "other.txt" && unread.nodes.isEmpty)
    let file = try read("n1\nn2")
    #expect(file.nodesFile == nil && file.nodes.map(\.text) == ["n1", "n2"])
    #expect(try Segmentation(file, catalogue: all).identities.map(\.user).contains("calico-node.n2"))
    let long = String(repeating: "n", count: 60)
    #expect(throws: FileFaults.self) { try read("n9") }
    let error = #expect(throws: FileFaults.self) { try read("n1\n\(long)") }
    #expect(error?.description.hasPrefix("nodes.txt:2:1: the user name 'calico-node.nnn") == true)
  }
}
