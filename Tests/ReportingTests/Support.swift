import Catalogue
import FoundationEssentials
import Segmentation

@testable import Reporting

private let parsed = Result { try Catalogue.embedded() }

/// A file with these lines.
func file(_ lines: String, name: String = "c") throws -> SegmentationFile {
  try SegmentationFile(
    """
    apiVersion: bulkhead/v1
    kind: Segmentation
    cluster: \(name)
    calico: {version: v3.32}
    etcd: {endpoints: [https://10.0.0.11:2379], ca: a, certificate: b, key: c}
    \(lines)

    """, file: "bulkhead.yaml", catalogue: parsed.get())
}

let now = Date(timeIntervalSince1970: 1_800_000_000)

func report(
  _ lines: String, name: String = "c", results: [SavedResult] = [], accepting: Acceptances = .none
) throws -> Report {
  let file = try file(lines, name: name)
  return Report(
    file, named: "bulkhead.yaml", try Segmentation(file, catalogue: parsed.get()),
    origin: ResultOrigin(at: now, fileSHA256: "00"), program: "0.0.0",
    lint: try Lint.findings(file, catalogue: parsed.get()), accepting: accepting, inventory: nil,
    results: results, keys: nil)
}

/// A file whose nodes have users of their own.
func nodes(_ count: Int) -> String {
  """
  components: [calico-node, cni-plugin, kube-controllers]
  isolation: node-user
  nodes: [\((1...count).map { "worker-\($0)" }.joined(separator: ", "))]
  calicoctl: [{user: alice, access: read-only}, {user: bob, access: read-only}]
  kubernetes: {apiserver: kube-apiserver-etcd-client}
  """
}

let small = """
  components: [calico-node, cni-plugin, kube-controllers]
  calicoctl: [{user: alice, access: read-only}]
  custom:
    - user: backup
      grants: [{prefix: /backup/, access: readwrite}, {prefix: /calico/, access: read}]
  """
