import Catalogue
import FoundationEssentials
import Keyspace
import Testing

@testable import Segmentation

/// What real programs sent to etcd, as etcd noted it: Calico of several releases, kube-apiserver, flannel, Typha,
/// calicoctl, networking-calico. The records are not part of the project.
@Suite(
  "requests that real programs sent", .enabled(if: Records.arePresent, "../shared/truth is not there"))
struct RecordedRequestTests {
  /// kube-controllers reads the API server's compaction key once a second where COMPACTION_PERIOD is not "0", and
  /// works without the answer. `bulkhead manifest` sets it to "0".
  private static let refused: Set = ["kube-controllers compact_rev_key"]

  @Test(
    "Calico, kube-apiserver and flannel: each was allowed by etcd and is allowed by the file",
    arguments: Records.calico)
  func calico(_ name: String) throws {
    let record = try Records.read(CalicoRecord.self, "calico/\(name)")
    let segmentation = try Segmentation(try read(record.file), catalogue: catalogue())
    var refused: Set<String> = []
    for request in record.requests {
      let access = try #require(Access(request.access), "\(request)")
      let answer = try segmentation.can(request.user, access, request.range)
      if !answer.isAllowed { refused.insert("\(request.user) \(request.key)") }
      #expect(answer.isAllowed == request.allowed, "\(request)")
    }
    #expect(record.requests.count >= 200 && refused.isSubset(of: Self.refused))
  }

  @Test("networking-calico of six releases, with and without a region")
  func openstack() throws {
    let records = try Records.read([OpenStackRecord].self, "openstack-requests.json")
    #expect(records.count >= 14)
    for record in records {
      let segmentation = try Segmentation(try read(record.file), catalogue: catalogue())
      for request in record.requests {
        let access = try #require(Access(request.access), "\(request)")
        let answer = try segmentation.can(request.user, access, request.range)
        #expect(answer.isAllowed, "\(record.release) region '\(record.region)': \(request)")
      }
    }
  }
}

private enum Records {
  static let folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "shared/truth")

  static let arePresent = FileManager.default.fileExists(atPath: folder.path)

  static let calico =
    (try? FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "calico").path))?.sorted()
    ?? []

  static func read<Value: Decodable>(_ type: Value.Type, _ path: String) throws -> Value {
    try JSONDecoder().decode(type, from: Data(contentsOf: folder.appending(path: path)))
  }
}

private struct RecordedRequest: Decodable, CustomStringConvertible {
  let user: String
  let access: String
  let key: String
  let end: String?
  let allowed: Bool?

  var range: KeyRange { end.map { KeyRange(from: Key(key), to: Key($0)) } ?? .key(Key(key)) }
  var description: String { "\(user) \(access) \(key)\(end.map { " to \($0)" } ?? "")" }
}

private struct CalicoRecord: Decodable {
  let calico: String
  let isolation: String
  let nodes: [String]
  let requests: [RecordedRequest]

  /// The file with exactly the identities that sent requests.
  var file: String {
    let users = Set(requests.map(\.user))
    let components = ["calico-node", "cni-plugin", "felix", "flannel", "kube-controllers", "typha"].filter {
      name in
      users.contains { $0 == name || $0.hasPrefix("\(name).") }
    }
    return """
      apiVersion: bulkhead/v1
      kind: Segmentation
      cluster: recorded
      calico:
        version: \(calico)
        features: [endpoint-reporting, wireguard, cni-profiles\(withoutCompaction)\(isKubeVirt ? ", kubevirt" : "")]
      etcd: {endpoints: [https://10.0.0.11:2379], ca: a, certificate: b, key: c}
      isolation: \(isolation)
      nodes: [\(nodes.joined(separator: ", "))]
      components: [\(components.joined(separator: ", "))]
      calicoctl: [{user: admin, access: full}]
      kubernetes: {apiserver: kube-apiserver}

      """
  }

  /// Whether the API server ran with --etcd-compaction-interval=0 and without the role root.
  private var withoutCompaction: String {
    requests.contains { $0.user == "kube-apiserver" && $0.key == "compact_rev_key" }
      ? "" : ", apiserver-without-compaction"
  }

  private var isKubeVirt: Bool {
    CalicoRelease(calico).map { $0 >= CalicoRelease(major: 3, minor: 32) } ?? false
  }
}

private struct OpenStackRecord: Decodable {
  let release: String
  let region: String
  let requests: [RecordedRequest]

  var file: String {
    """
    apiVersion: bulkhead/v1
    kind: Segmentation
    cluster: recorded
    calico:
      version: \(release == "master" ? "v3.33" : release)
      features: [compaction]
    \(region.isEmpty ? "" : "  region: \(region)")
    etcd: {endpoints: [https://10.0.0.11:2379], ca: a, certificate: b, key: c}
    components: [neutron-driver, dhcp-agent]

    """
  }
}

extension Access {
  fileprivate init?(_ word: String) {
    switch word {
    case "read", "r": self = .read
    case "write", "w": self = .write
    case "readwrite", "rw": self = .readwrite
    default: return nil
    }
  }
}
