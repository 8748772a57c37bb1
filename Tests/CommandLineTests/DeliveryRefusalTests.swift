import Foundation
import TestSupport
import Testing

/// What `bundle` and `manifest` refuse to deliver, and that their hints help.
@Suite struct DeliveryRefusalTests {
  private static let manifest = "\(Program.root)/Sources/bulkhead/Example/calico-etcd.yaml"
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    #expect(try bulkhead("certs", "authority").code == 0)
    #expect(try bulkhead("init", "--ca", "pki/ca.crt").code == 0)
    try "n1\n".write(toFile: "\(folder.path)/nodes.txt", atomically: true, encoding: .utf8)
  }

  private func bulkhead(_ arguments: String...) throws -> Program.Outcome {
    try Program.run(Program.path, arguments, in: folder.path)
  }

  private func bundle(_ more: String...) throws -> Program.Outcome {
    try Program.run(
      Program.path, ["bundle", "--as", "directory", "--to", "bundle", "--nodes", "nodes.txt"] + more,
      in: folder.path)
  }

  private func isDelivered(_ component: String) -> Bool {
    FileManager.default.fileExists(atPath: "\(folder.path)/bundle/n1/etc/bulkhead/\(component)/etcd-key")
  }

  @Test func `a blocked identity's certificate is delivered neither to hosts nor to pods`() throws {
    // The hint names the nodes that the bundle was asked for.
    let early = try bundle()
    #expect(
      early.code == 1 && early.error.contains("'bulkhead certs issue --nodes nodes.txt'"), "\(early.all)")
    #expect(try bulkhead("certs", "issue", "--nodes", "nodes.txt").code == 0)
    #expect(try bulkhead("certs", "revoke", "cni-plugin").code == 0)
    let refused = try bundle()
    #expect(refused.code == 1 && refused.error.contains("blocked since it was revoked"), "\(refused.all)")
    #expect(refused.error.contains("'bulkhead certs unblock cni-plugin'") && !isDelivered("cni-plugin"))
    let pods = try bulkhead("manifest", Self.manifest, "--secrets", "inline", "--to", "m.yaml")
    #expect(pods.code == 1 && pods.error.contains("blocked since it was revoked"), "\(pods.all)")
    #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/m.yaml"))
    // The hint, followed.
    #expect(try bulkhead("certs", "unblock", "cni-plugin").code == 0)
    #expect(try bulkhead("certs", "issue", "--nodes", "nodes.txt").code == 0)
    #expect(try bundle().code == 0 && isDelivered("cni-plugin"))
    #expect(try bulkhead("manifest", Self.manifest, "--secrets", "inline", "--to", "m.yaml").code == 0)
  }

  @Test func `neither is one that was revoked by its serial, nor one of another authority`() throws {
    #expect(try bulkhead("certs", "issue").code == 0)
    let serial = try Program.run(
      "/usr/bin/openssl", ["x509", "-in", "pki/clients/cni-plugin.crt", "-noout", "-serial"], in: folder.path
    ).out.trimmingCharacters(in: .newlines).dropFirst("serial=".count)
    #expect(try bulkhead("certs", "revoke", String(serial)).code == 0)
    let revoked = try bundle()
    #expect(revoked.code == 1 && revoked.error.contains("is not delivered: it was revoked"), "\(revoked.all)")
    #expect(try bulkhead("certs", "issue").code == 0)
    #expect(try bundle().code == 0)
    for name in ["ca.crt", "ca.key"] {
      try FileManager.default.removeItem(atPath: "\(folder.path)/pki/\(name)")
    }
    #expect(try bulkhead("certs", "authority", "--name", "another").code == 0)
    let foreign = try bundle()
    #expect(foreign.code == 1 && foreign.error.contains("signed by another authority"), "\(foreign.all)")
    let pods = try bulkhead("manifest", Self.manifest, "--secrets", "inline", "--to", "m.yaml")
    #expect(pods.code == 1 && pods.error.contains("signed by another authority"), "\(pods.all)")
    #expect(try bulkhead("certs", "issue").code == 0)
    #expect(try bundle().code == 0)
  }

  @Test func `a further file is given once, and not for a path of the bundle`() throws {
    #expect(try bulkhead("certs", "issue").code == 0)
    let twice = try bundle("--add", "/etc/x=nodes.txt", "--add", "/etc/x=nodes.txt")
    #expect(twice.code == 64 && twice.error.contains("given twice for /etc/x"), "\(twice.all)")
    #expect(try bundle("--add", "/etc/../x=nodes.txt").code == 64)
    let own = try bundle("--add", "/etc/bulkhead/calico-node/etcd-key=nodes.txt")
    #expect(own.code == 1 && own.error.contains("the bundle has another file for this path"), "\(own.all)")
  }
}
