import Catalogue
import Keyspace
import Names
import StrictYAML
import Testing

@testable import Segmentation

@Suite struct GoodFileTests {
  @Test func everyFieldIsRead() throws {
    let file = try read(goodFile)
    #expect(file.cluster == "prod-eu")
    #expect(file.calico.release == CalicoRelease(major: 3, minor: 32))
    #expect(file.calico.roles == .corrected)
    #expect(file.calico.features == ["wireguard"])
    #expect(file.etcd.endpoints.map(\.description) == ["https://10.0.0.11:2379", "https://[::1]:2379"])
    #expect(
      [file.etcd.ca, file.etcd.certificate, file.etcd.key] == [
        "pki/etcd-ca.crt", "pki/root.crt", "pki/root.key",
      ])
    #expect(file.isolation == .component)
    #expect(file.components == ["calico-node", "cni-plugin", "kube-controllers"])
    #expect(file.calicoctl.map(\.user) == ["alice", "netops"])
    #expect(file.calicoctl.map(\.access) == [.readOnly, .policyEditor])
    #expect(file.custom.map(\.user) == ["backup"])
    #expect(
      file.custom.first?.grants == [
        Grant(.prefix("/calico/"), .read), Grant(.key("/backup/lock"), .readwrite),
      ])
    #expect(file.nodes.map(\.text) == ["node-1", "node-2"])
    #expect(file.apiservers == ["kube-apiserver-etcd-client"])
    #expect(file.certificates.directory == "pki")
    #expect(file.certificates.lifetime == .ninetyDays)
    #expect(file.management == .additive)
  }

  @Test func missingFieldsHaveDefaults() throws {
    let file = try file()
    #expect(file.isolation == .component)
    #expect(file.management == .additive)
    #expect(file.certificates.directory == "pki")
    #expect(file.certificates.lifetime.description == "90d")
    #expect(try read(edited("  roles: corrected\n", "")).calico.roles == .corrected)
  }

  @Test func theTextMayHaveAByteOrderMarkWindowsLinesAnchorsOrNoLastLineEnd() throws {
    let expected = try read(goodFile)
    #expect(try read("\u{feff}" + goodFile) == expected)
    #expect(try read(goodFile.split(separator: "\n").joined(separator: "\r\n")) == expected)
    #expect(try read(String(goodFile.dropLast())) == expected)
    #expect(try read("---\n" + goodFile + "...\n") == expected)
    let anchored = try edited("certificate: pki/root.crt", "certificate: &root pki/root.crt")
    let file = try read(anchored.replacing("key: pki/root.key", with: "key: *root"))
    #expect(file.etcd.key == "pki/root.crt")
  }

  @Test(arguments: ["3.32", "v3.32", "3.32.1", "'3.32'", "v3.33.0-0.dev"])
  func aVersionMayLookLikeANumber(version: String) throws {
    #expect(try read(edited("v3.32.1", version)).calico.release >= CalicoRelease(major: 3, minor: 32))
  }

  @Test func aNodeMayHaveANumberForAName() throws {
    #expect(try read(edited("[node-1, node-2]", "[10, 1e3]")).nodes.map(\.text) == ["10", "1e3"])
  }

  @Test func aKeyMayHaveUnprintableBytes() throws {
    let file = try read(edited("/backup/lock", #"'/b\x00\xff\x5c'"#))
    #expect(file.custom.first?.grants.last?.range == .key(Key(Array("/b".utf8) + [0, 0xff, 0x5c])))
  }
}
