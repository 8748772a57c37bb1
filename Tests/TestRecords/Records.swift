import Catalogue
import FoundationEssentials
import Keyspace

/// What real programs sent to etcd, as etcd noted it. The records are not part of the project.
package enum Records {
  package static let folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "shared/truth")

  package static let arePresent = FileManager.default.fileExists(atPath: folder.path)

  package static let calico =
    (try? FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "calico").path))?.sorted()
    ?? []

  package static func read<Value: Decodable>(_ type: Value.Type, _ path: String) throws -> Value {
    try JSONDecoder().decode(type, from: Data(contentsOf: folder.appending(path: path)))
  }
}

package struct RecordedRequest: Decodable, CustomStringConvertible {
  package let user: String
  private let access: String
  package let key: String
  package let end: String?
  package let allowed: Bool?

  /// nil for a word that no record had when this was written.
  package var kind: Access? { Access(word: access) }
  package var range: KeyRange { end.map { KeyRange(from: Key(key), to: Key($0)) } ?? .key(Key(key)) }
  package var description: String { "\(user) \(access) \(key)\(end.map { " to \($0)" } ?? "")" }
}

package struct CalicoRecord: Decodable {
  package let calico: String
  package let isolation: String
  package let nodes: [String]
  package let requests: [RecordedRequest]

  /// The file with exactly the identities that sent requests.
  package var file: String {
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
        features: [\(features.joined(separator: ", "))]
      etcd: {endpoints: [https://10.0.0.11:2379], ca: a, certificate: b, key: c}
      isolation: \(isolation)
      nodes: [\(nodes.joined(separator: ", "))]
      components: [\(components.joined(separator: ", "))]
      calicoctl: [{user: admin, access: full}]
      kubernetes: {apiserver: kube-apiserver}

      """
  }

  /// The features that were in use.
  package var features: [String] {
    // The API server ran without the role root where it did not ask for its compaction key.
    let compacts = requests.contains { $0.user == "kube-apiserver" && $0.key == "compact_rev_key" }
    let isKubeVirt = CalicoRelease(calico).map { $0 >= CalicoRelease(major: 3, minor: 32) } ?? false
    return ["endpoint-reporting", "wireguard", "cni-profiles"]
      + (compacts ? [] : ["apiserver-without-compaction"]) + (isKubeVirt ? ["kubevirt"] : [])
  }
}

package struct OpenStackRecord: Decodable {
  /// The master branch of August 2026 became v3.33.
  package var version: String { release == "master" ? "v3.33" : release }
  package let release: String
  package let region: String
  package let requests: [RecordedRequest]

  package var file: String {
    """
    apiVersion: bulkhead/v1
    kind: Segmentation
    cluster: recorded
    calico:
      version: \(version)
      features: [compaction]
    \(region.isEmpty ? "" : "  region: \(region)")
    etcd: {endpoints: [https://10.0.0.11:2379], ca: a, certificate: b, key: c}
    components: [neutron-driver, dhcp-agent]

    """
  }
}

extension Access {
  /// The words of the two kinds of records.
  fileprivate init?(word: String) {
    switch word {
    case "read", "r": self = .read
    case "write", "w": self = .write
    case "readwrite", "rw": self = .readwrite
    default: return nil
    }
  }
}

/// A request with the program that sent it.
package struct RecordedUse {
  package let component: String
  package let installation: Installation
  package let request: RecordedRequest

  /// Of all records, Calico's and OpenStack's.
  package static func all() throws -> [RecordedUse] {
    var uses: [RecordedUse] = []
    for name in Records.calico {
      let record = try Records.read(CalicoRecord.self, "calico/\(name)")
      let installation = try Installation(
        release: CalicoRelease.known(record.calico), features: Set(record.features))
      for request in record.requests {
        let program = request.user.split(separator: ".").first.map(String.init) ?? request.user
        uses.append(
          RecordedUse(
            component: program == "admin" ? "calicoctl-full" : program, installation: installation,
            request: request))
      }
    }
    for record in try Records.read([OpenStackRecord].self, "openstack-requests.json") {
      let installation = try Installation(
        release: CalicoRelease.known(record.version), features: ["compaction"],
        region: record.region.isEmpty ? nil : record.region)
      uses += record.requests.map { RecordedUse(component: $0.user, installation: installation, request: $0) }
    }
    return uses
  }
}
