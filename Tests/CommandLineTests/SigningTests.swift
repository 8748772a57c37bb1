import Certificates
import Foundation
import TestSupport
import Testing

/// `bulkhead certs sign`, as the machine with the authority runs it for requests of others.
@Suite struct SigningTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    let begun = try bulkhead(
      "init", "--endpoint", "https://127.0.0.1:2379", "--ca", "etcd-ca.crt", "--apiserver", "kube-apiserver",
      "--calicoctl", "admin=full")
    try #require(begun.code == 0, "\(begun.error)")
    try #require(bulkhead("certs", "authority").code == 0)
  }

  private func bulkhead(_ arguments: String..., input: String? = nil) throws -> Program.Outcome {
    try Program.run(Program.path, arguments, in: folder.path, input: input)
  }

  private func request(_ name: String) throws -> String {
    let made = try Program.run(
      "/usr/bin/openssl",
      [
        "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
        "/CN=\(name)",
      ]
        + ["-keyout", "/dev/null"], in: folder.path)
    try #require(made.code == 0, "\(made.error)")
    return made.out
  }

  @Test(arguments: ["kube-apiserver", "admin", "cni-plugin", "root", "calico-node "])
  func `a request for another name than that of --identity is refused`(name: String) throws {
    let outcome = try bulkhead(
      "certs", "sign", "/dev/stdin", "--identity", "calico-node", input: try request(name))
    #expect(outcome.code == 1 && outcome.out.isEmpty, "\(outcome.all)")
    #expect(
      outcome.error.contains("the request is for \"\(name)\", not for \"calico-node\""), "\(outcome.error)")
    #expect(try Ledger(in: "\(folder.path)/pki").entries().isEmpty)
  }

  @Test func `the identity must be named, once`() throws {
    let request = try request("calico-node")
    #expect(try bulkhead("certs", "sign", "/dev/stdin", input: request).code == 64)
    let twice = try bulkhead(
      "certs", "sign", "/dev/stdin", "--identity", "calico-node", "--identity", "admin", input: request)
    #expect(twice.code == 64)
    let signed = try bulkhead("certs", "sign", "/dev/stdin", "--identity", "calico-node", input: request)
    #expect(signed.code == 0, "\(signed.error)")
    #expect(try CertificateFacts(pem: signed.out).user == "calico-node")
  }

  @Test(arguments: [
    ("kube-apiserver", "--apiserver"), ("admin", "--person"), ("root", "--root"),
  ])
  func `identities that may do more need their flag, and the hint names it`(name: String, flag: String) throws
  {
    let request = try request(name)
    let refused = try bulkhead("certs", "sign", "/dev/stdin", "--identity", name, input: request)
    #expect(refused.code == 1 && refused.out.isEmpty, "\(refused.all)")
    #expect(refused.error.contains("add \(flag)"), "\(refused.error)")
    let others = ["--apiserver", "--person", "--root"].filter { $0 != flag }
    let wrong = try Program.run(
      Program.path, ["certs", "sign", "/dev/stdin", "--identity", name] + others, in: folder.path,
      input: request)
    #expect(wrong.code == 1, "\(wrong.all)")
    let signed = try bulkhead("certs", "sign", "/dev/stdin", "--identity", name, flag, input: request)
    #expect(signed.code == 0, "\(signed.error)")
    #expect(try CertificateFacts(pem: signed.out).user == name)
  }
}
