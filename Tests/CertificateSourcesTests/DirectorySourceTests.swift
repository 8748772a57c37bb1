import CertificateSources
import Certificates
import Files
import Foundation
import Testing

@Suite final class DirectorySourceTests {
  private let folder = NSTemporaryDirectory() + "bulkhead-folder-" + UUID().uuidString
  private let authority: Authority

  init() throws {
    try Directory.create(folder)
    authority = try Authority.create(name: "ca", lifetime: .seconds(86_400), now: Date())
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private func write(_ name: String, _ text: String) throws {
    try AtomicFile.write(Array(text.utf8), to: "\(folder)/\(name)")
  }

  private func issue(_ user: String) throws -> Credential {
    try authority.issue(client: user, lifetime: .seconds(3_600), now: Date())
  }

  @Test func findsFilesThatBulkheadIssued() async throws {
    let name = "calico-node.node 1"
    let issued = try CredentialDirectory(folder).issueMissing(
      [name], by: authority, lifetime: .seconds(3_600), now: Date())
    let got = try await DirectorySource(folder).get(name)
    #expect(
      try got.credential.facts.fingerprint == CertificateFacts(file: issued[0].certificatePath).fingerprint)
    #expect(got.etcdCA == nil)
  }

  @Test func findsTheLayoutOfASecret() async throws {
    let credential = try issue("felix")
    try Directory.create(folder + "/felix")
    try write("felix/etcd-cert", credential.certificatePEM)
    try write("felix/etcd-key", credential.key.secretPEM())
    #expect(try await DirectorySource(folder).get("felix").etcdCA == nil)
    try write("felix/etcd-ca", authority.certificatePEM)
    #expect(try await DirectorySource(folder).get("felix").etcdCA == authority.certificatePEM)
    try write("felix/etcd-ca", "nothing")
    #expect(try await DirectorySource(folder).refusal("felix")?.isTransient == true)
  }

  @Test func findsTheFilesOfCertManager() async throws {
    let credential = try issue("felix")
    try Directory.create(folder + "/felix")
    try write("felix/tls.crt", credential.certificatePEM)
    try write("felix/tls.key", credential.key.secretPEM())
    try write("felix/ca.crt", authority.certificatePEM)
    let got = try await DirectorySource(folder).get("felix")
    #expect(got.credential.facts.fingerprint == credential.facts.fingerprint)
    #expect(got.etcdCA == authority.certificatePEM)
  }

  @Test func waitsForMissingOrIncompleteFiles() async throws {
    let source = DirectorySource(folder)
    let missing = try #require(try await source.refusal("felix"))
    #expect(missing.isTransient)
    #expect(missing.message == "no certificate and key for \"felix\" in \(folder)")
    let (old, new) = (try issue("felix"), try issue("felix"))
    try write("felix.key", new.key.secretPEM())
    try write("felix.crt", old.certificatePEM)
    let mixed = try #require(try await source.refusal("felix"))
    #expect(mixed.isTransient)
    #expect(mixed.message.contains("the key does not belong to the certificate of"))
    try write("felix.crt", new.certificatePEM)
    #expect(try await source.refusal("felix") == nil)
  }
}
