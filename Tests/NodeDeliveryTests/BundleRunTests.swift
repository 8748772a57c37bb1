import Foundation
import NodeDelivery
import Segmentation
import Testing

/// A bundle that is written for all hosts.
@Suite struct BundleRunTests {
  private func write(_ lines: String, to folder: String, prune: Bool = false) throws -> BundleRun.Outcome {
    let (file, _, sites) = try segmentation(lines)
    return try BundleRun(bundle(.directory, file), for: sites).write(
      to: folder, prune: prune,
      material: { resident in
        CredentialMaterial(
          authority: Array("CA\n".utf8),
          certificate: Array("cert of \(resident.identity.certificateName)\n".utf8),
          key: Array("key of \(resident.identity.certificateName)\n".utf8))
      }, password: { "password-of-\($0)" })
  }

  @Test func aSecondRunWritesNothing() throws {
    let folder = try TemporaryFolder()
    let lines = "components: [calico-node, cni-plugin]\nnodes: [n1, n2]\nisolation: node-certificate"
    let first = try write(lines, to: folder.path)
    #expect(first.written > 0 && first.unchanged == 0)
    let second = try write(lines, to: folder.path)
    #expect(second.written == 0 && second.unchanged == first.written)
    #expect(second.removed.isEmpty && second.left.isEmpty && second.changed.isEmpty)
  }

  @Test func aRemovedNodeIsReportedAndRemovedOnRequest() throws {
    let folder = try TemporaryFolder()
    func lines(_ nodes: String) -> String {
      "components: [calico-node]\nnodes: [\(nodes)]\nisolation: node-certificate"
    }
    _ = try write(lines("n1, n2"), to: folder.path)
    #expect(try write(lines("n1"), to: folder.path).left == ["n2/"])
    #expect(FileManager.default.fileExists(atPath: folder.path + "/n2"))
    #expect(try write(lines("n1"), to: folder.path, prune: true).removed == ["n2/"])
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/n2"))
  }

  @Test func twoSitesOfOneNameAreRefusedBeforeAnythingIsWritten() throws {
    let (file, _, sites) = try segmentation(
      "components: [calico-node]\nnodes: [alice]\nisolation: node-certificate\ncalicoctl: [{user: alice, access: full}]"
    )
    #expect(throws: BundleRefusal.sameName("alice")) {
      _ = try BundleRun(bundle(.directory, file), for: sites)
    }
  }

  @Test(arguments: ["put", "credential", "credentials", "settings", "agent.yaml", "agent-x.yaml"])
  func `a user with the name of a file on the hosts is refused`(name: String) throws {
    let (file, _, sites) = try segmentation(
      "components: []\ncustom: [{user: \(name), grants: [{prefix: /calico/, access: read}]}]")
    #expect(throws: BundleRefusal.nameOfFile(name)) { _ = try BundleRun(bundle(.ansible, file), for: sites) }
  }

  @Test(arguments: HostBundle.Form.allCases)
  func `a further file does not take the place of another`(form: HostBundle.Form) throws {
    let (file, _, sites) = try segmentation("components: [calico-node]\nnodes: [n1]")
    for path in ["/etc/bulkhead/calico-node/etcd-key", "/etc/calico/calico.env", "/etc/x"] {
      let more = NodeFile(path: path, bytes: [0x61], mode: 0o644)
      let bundle = bundle(form, file, more: path == "/etc/x" ? [more, more] : [more])
      #expect(throws: BundleRefusal.samePath(path)) { _ = try bundle.texts(for: sites[0]) }
    }
  }
}
