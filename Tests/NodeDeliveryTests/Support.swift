import Catalogue
import Foundation
import Names
import NodeDelivery
import Segmentation

private let parsed = Result { try Catalogue.embedded() }

/// The smallest file that contains these lines.
/// - Parameter calico: Further lines of the section `calico`.
func segmentation(_ lines: String, version: String = "v3.32", calico: String = "") throws -> (
  file: SegmentationFile, segmentation: Segmentation, sites: [Site]
) {
  let catalogue = try parsed.get()
  let file = try SegmentationFile(
    """
    apiVersion: bulkhead/v1
    kind: Segmentation
    cluster: c
    calico: {version: \(version)\(calico)}
    etcd: {endpoints: ["https://10.0.0.11:2379", "https://10.0.0.12:2379"], ca: a, certificate: b, key: c}
    \(lines)
    """, file: "bulkhead.yaml", catalogue: catalogue)
  let segmentation = try Segmentation(file, catalogue: catalogue)
  return (file, segmentation, Site.all(of: segmentation, nodes: file.nodes, catalogue: catalogue))
}

/// A bundle of the given form with the settings of all components.
/// - Parameters:
///   - owners: Accounts of identities, by user.
///   - more: Further files for each host.
func bundle(
  _ form: HostBundle.Form, _ file: SegmentationFile, source: String = "directory: {path: /x}",
  owners: [String: String] = [:], isKubespray: Bool = false, more: [NodeFile] = []
) -> HostBundle {
  let layout = HostLayout(
    base: "/etc/bulkhead", readers: .init(release: file.calico.release, named: owners))
  return HostBundle(
    form,
    settings: CalicoSettings(
      endpoints: file.etcd.endpoints, layout: layout, region: file.calico.region,
      network: file.calico.network ?? "k8s-pod-network"),
    of: Set(CalicoSettings.components), layout: layout, authority: Array("CA\n".utf8),
    program: "/bin/true",
    file: "/x/bulkhead.yaml", renewBefore: 100,
    agent: form.hasAgent
      ? AgentUnit(
        program: "/bin/true", source: source, layout: layout, cniCopy: "/etc/cni/net.d/calico-tls",
        network: file.calico.network ?? "k8s-pod-network")
      : nil, isKubespray: isKubespray, more: more)
}

extension HostBundle {
  /// A host's files by path, with fake credentials.
  func texts(for site: Site) throws -> [String: String] {
    let files = try files(
      for: site,
      material: { resident in
        CredentialMaterial(
          authority: Array("CA\n".utf8),
          certificate: Array("cert of \(resident.identity.certificateName)\n".utf8),
          key: Array("key of \(resident.identity.certificateName)\n".utf8))
      }, password: { "password-of-\($0)" })
    return Dictionary(
      uniqueKeysWithValues: files.map { ($0.path, String(decoding: $0.bytes, as: UTF8.self)) })
  }
}

/// A folder that is removed with the test.
final class TemporaryFolder: Sendable {
  let path = FileManager.default.temporaryDirectory.appending(path: "bulkhead-test-\(UUID().uuidString)").path

  init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// Runs a program to its end.
/// - Parameter input: Standard input, a file; nil for none.
func run(
  _ program: String, _ arguments: [String], in folder: String = "/", input: String? = nil
) throws -> (code: Int32, output: String) {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: program)
  process.arguments = arguments
  process.currentDirectoryURL = URL(fileURLWithPath: folder)
  let pipe = Pipe()
  let file = try input.map { try FileHandle(forReadingFrom: URL(fileURLWithPath: $0)) }
  process.standardInput = file ?? FileHandle.nullDevice
  process.standardOutput = pipe
  process.standardError = pipe
  try process.run()
  let output = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
  process.waitUntilExit()
  return (process.terminationStatus, output)
}

/// The root of the package.
let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().path
