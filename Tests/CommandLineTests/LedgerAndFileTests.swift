import Foundation
import TestSupport
import Testing

/// The ledger and the file: what was issued for holders that the file does not have any more.
@Suite struct LedgerAndFileTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    #expect(
      try bulkhead("init", "--ca", "pki/ca.crt", "--component", "calico-node", "--component", "cni-plugin")
        .code == 0)
    #expect(try bulkhead("certs", "authority").code == 0)
  }

  private func bulkhead(_ arguments: String...) throws -> Program.Outcome {
    try Program.run(Program.path, arguments, in: folder.path)
  }

  private func change(_ body: (String) -> String) throws {
    let file = "\(folder.path)/bulkhead.yaml"
    try body(String(contentsOfFile: file, encoding: .utf8)).write(
      toFile: file, atomically: true, encoding: .utf8)
  }

  /// Runs the commands of a hint as they are.
  private func follow(_ outcome: Program.Outcome) throws -> [String] {
    let commands = outcome.error.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
      .filter { $0.hasPrefix("bulkhead certs revoke ") }
    let bin = URL(fileURLWithPath: Program.path).deletingLastPathComponent().path
    for command in commands {
      let run = try Program.run(
        "/bin/bash", ["-c", command], in: folder.path, environment: ["PATH": "\(bin):/usr/bin:/bin"])
      #expect(run.code == 0, "\(command): \(run.all)")
    }
    return commands
  }

  @Test func aRemovedNodeIsNamedWithTheCommandThatRevokesIt() throws {
    try change { $0 + "isolation: node-certificate\nnodes: [n1, n2]\n" }
    #expect(try bulkhead("certs", "issue").code == 0)
    #expect(try bulkhead("certs", "list").code == 0)
    try change { $0.replacing("nodes: [n1, n2]", with: "nodes: [n1]") }
    let listed = try bulkhead("certs", "list")
    #expect(listed.code == 2 && listed.out.contains("not in the file"), "\(listed.all)")
    #expect(
      try follow(listed) == [
        "bulkhead certs revoke calico-node --node n2", "bulkhead certs revoke cni-plugin --node n2",
      ])
    // The certificates of the other node stay, and those of n2 are named as revoked while their files are there.
    let after = try bulkhead("certs", "list")
    #expect(!after.out.contains("not in the file"), "\(after.all)")
    for name in ["calico-node@n2", "cni-plugin@n2"] {
      try FileManager.default.removeItem(atPath: "\(folder.path)/pki/clients/\(name).crt")
    }
    #expect(try bulkhead("certs", "list").code == 0)
    #expect(try bulkhead("certs", "inspect", "pki/clients/cni-plugin@n1.crt").code == 0)
  }

  @Test func aRemovedIdentityNeedsNoAttentionAfterItsEnd() throws {
    try change { $0.replacing("lifetime: 90d", with: "lifetime: 1m") + "\n" }
    try change { $0.contains("lifetime: 1m") ? $0 : $0 + "certificates: {lifetime: 1m}\n" }
    #expect(try bulkhead("certs", "issue").code == 0)
    try change { $0.replacing("cni-plugin", with: "felix") }
    let listed = try bulkhead("certs", "list")
    #expect(listed.error.contains("  bulkhead certs revoke cni-plugin\n"), "\(listed.all)")
  }

  @Test func aLifetimeThatTheAuthorityCutsOffIsSaid() throws {
    try change { $0.contains("lifetime: 90d") ? $0.replacing("lifetime: 90d", with: "lifetime: 20000d") : $0 }
    try change { $0.contains("20000d") ? $0 : $0 + "certificates: {lifetime: 20000d}\n" }
    let issued = try bulkhead("certs", "issue")
    #expect(issued.code == 0 && issued.error.contains("warning: the authority ends on"), "\(issued.all)")
    #expect(!(try bulkhead("certs", "issue")).error.contains("warning"))
    let renewed = try bulkhead("certs", "renew", "cni-plugin", "--now")
    #expect(renewed.error.contains("warning: the authority ends on"), "\(renewed.all)")
  }
}
