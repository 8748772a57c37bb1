import Catalogue
import Keyspace
import StrictYAML
import Testing

@testable import Segmentation

/// Parsed once, because the tests use it often.
private let parsed = Result { try Catalogue.embedded() }

func catalogue() throws -> Catalogue { try parsed.get() }

/// A file with every section.
let goodFile = """
  apiVersion: bulkhead/v1
  kind: Segmentation
  cluster: prod-eu
  calico:
    version: v3.32.1
    roles: corrected
    features: [wireguard]
  etcd:
    endpoints: [https://10.0.0.11:2379, 'https://[::1]:2379']
    ca: pki/etcd-ca.crt
    certificate: pki/root.crt
    key: pki/root.key
  isolation: component
  components: [calico-node, cni-plugin, kube-controllers]
  calicoctl:
    - {user: alice, access: read-only}
    - {user: netops, access: policy-editor}
  custom:
    - user: backup
      grants:
        - {prefix: /calico/, access: read}
        - {key: /backup/lock, access: readwrite}
  nodes: [node-1, node-2]
  kubernetes:
    apiserver: kube-apiserver-etcd-client
  certificates:
    authority: {directory: pki}
    lifetime: 90d
  management: additive

  """

func read(_ text: String) throws -> SegmentationFile {
  try SegmentationFile(text, file: "bulkhead.yaml", catalogue: catalogue())
}

/// Each fault of a file as one line, `LINE:COLUMN: message | hint`.
func faults(_ text: String) throws -> [String] {
  do {
    _ = try read(text)
    return []
  } catch let error as FileFaults {
    return error.faults.map { "\($0.line):\($0.column): \($0.message)\($0.hint.map { " | \($0)" } ?? "")" }
  }
}

/// ``goodFile`` with one piece of it replaced.
func edited(_ old: String, _ new: String) throws -> String {
  let range = try #require(goodFile.firstRange(of: old), "the file has no \(old)")
  return goodFile.replacingCharacters(in: range, with: new)
}

extension String {
  fileprivate func replacingCharacters(in range: Range<Index>, with new: String) -> String {
    String(self[..<range.lowerBound]) + new + String(self[range.upperBound...])
  }
}

/// The segmentation of the smallest file with these lines.
func segmentation(
  _ lines: String = "components: [calico-node, cni-plugin, kube-controllers]", roles: String = "corrected",
  version: String = "v3.32", features: String = ""
) throws -> Segmentation {
  try Segmentation(file(lines, roles: roles, version: version, features: features), catalogue: catalogue())
}

func file(
  _ lines: String = "components: [calico-node, cni-plugin, kube-controllers]", roles: String = "corrected",
  version: String = "v3.32", features: String = ""
) throws -> SegmentationFile {
  try read(
    """
    apiVersion: bulkhead/v1
    kind: Segmentation
    cluster: c
    calico: {version: \(version), roles: \(roles), features: [\(features)]}
    etcd: {endpoints: [https://10.0.0.11:2379], ca: a, certificate: b, key: c}
    \(lines)

    """)
}

let v3 = "/calico/resources/v3/projectcalico.org/"
