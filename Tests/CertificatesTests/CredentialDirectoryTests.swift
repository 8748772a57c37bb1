import Files
import Foundation
import Glibc
import Names
import TestSupport
import Testing

@testable import Certificates

@Suite final class CredentialDirectoryTests: TemporaryDirectorySuite {
  let now = Date()
  let authority: Authority
  let credentials: CredentialDirectory

  override init() throws {
    authority = try Authority.forTests()
    credentials = CredentialDirectory(NSTemporaryDirectory() + "bulkhead-credentials-" + UUID().uuidString)
    try super.init()
  }

  deinit { try? FileManager.default.removeItem(atPath: credentials.path) }

  @discardableResult
  private func issue(_ users: [String], by other: Authority? = nil, now: Date? = nil) throws
    -> [CredentialDirectory.Action]
  {
    try credentials.issueMissing(users, by: other ?? authority, lifetime: .days(30), now: now ?? self.now)
      .map(\.action)
  }

  private func path(_ name: String) -> String { "\(credentials.path)/\(name)" }

  /// The umask belongs to the process: a test that changes it runs in one of its own.
  @Test func onlyTheOwnerCanReadKeysUnderAnyUmask() async {
    await #expect(processExitsWith: .success) {
      umask(0)
      let folder = try TemporaryFolder()
      let credentials = CredentialDirectory("\(folder.path)/clients")
      let issued = try credentials.issueMissing(
        ["alice", "bob"], by: Authority.forTests(), lifetime: .days(30), now: Date())
      #expect(issued.count == 2)
      #expect(mode(of: credentials.path) == 0o700)
      for issuance in issued {
        #expect(mode(of: issuance.certificatePath) == 0o644)
        #expect(mode(of: issuance.keyPath) == 0o600)
      }
    }
  }

  @Test func issuesOnceAndThenChangesNothing() throws {
    let first = try credentials.issueMissing(["alice", "bob"], by: authority, lifetime: .days(30), now: now)
    #expect(first.map(\.action) == [.issued, .issued])
    #expect(first.map(\.user) == ["alice", "bob"])
    #expect(mode(of: credentials.path) == 0o700)
    for issuance in first {
      #expect(mode(of: issuance.certificatePath) == 0o644)
      #expect(mode(of: issuance.keyPath) == 0o600)
      #expect(try CertificateFacts.user(ofCertificateFile: issuance.certificatePath) == issuance.user)
    }
    let names = ["alice.crt", "alice.key", "bob.crt", "bob.key"]
    let before = try names.map { try Data(contentsOf: URL(fileURLWithPath: path($0))) }
    #expect(try issue(["alice", "carol", "bob"]) == [.kept, .issued, .kept])
    #expect(try names.map { try Data(contentsOf: URL(fileURLWithPath: path($0))) } == before)
  }

  /// Damages the valid credential of alice, issues again, and returns the reason for the replacement. The new
  /// credential must be valid.
  private func expectReplaced(because fault: CredentialFault, now: Date? = nil, spoil: () throws -> Void)
    throws
  {
    try issue(["alice", "bob"])
    try spoil()
    #expect(try issue(["alice"], now: now) == [.replaced(because: fault)])
    #expect(try issue(["alice", "bob"], now: now).first == .kept)
    let certificate = try PEMText(text: FileContents.readText(path("alice.crt")), source: "").certificates()[
      0]
    #expect(try PrivateKey(pem: FileContents.readText(path("alice.key"))).belongs(to: certificate))
    #expect(mode(of: path("alice.key")) == 0o600)
  }

  private func copy(_ source: String, to target: String) throws {
    try AtomicFile.write(
      FileContents.read(path(source)), to: path(target), mode: mode(of: path(target)) ?? 0o600)
  }

  @Test func replacesACredentialWithAMissingFile() throws {
    try expectReplaced(because: .certificateMissing) { unlink(path("alice.crt")) }
    try expectReplaced(because: .keyMissing) { unlink(path("alice.key")) }
  }

  @Test func replacesACredentialWithADamagedFile() throws {
    try expectReplaced(because: .certificateUnreadable) { #expect(truncate(path("alice.crt"), 100) == 0) }
    try expectReplaced(because: .keyUnreadable) { #expect(truncate(path("alice.key"), 100) == 0) }
    try expectReplaced(because: .certificateUnreadable) { #expect(truncate(path("alice.crt"), 0) == 0) }
  }

  @Test func replacesAKeyThatOthersCanRead() throws {
    try expectReplaced(because: .keyExposed) { #expect(chmod(path("alice.key"), 0o644) == 0) }
  }

  @Test func replacesAKeyOfAnotherCertificate() throws {
    try expectReplaced(because: .keyMismatch) { try copy("bob.key", to: "alice.key") }
  }

  @Test func replacesTheCertificateOfAnotherUser() throws {
    try expectReplaced(because: .otherName) {
      try copy("bob.key", to: "alice.key")
      try copy("bob.crt", to: "alice.crt")
    }
  }

  @Test func replacesACertificateOfAnotherAuthorityWithTheSameName() throws {
    try issue(["alice"])
    let other = try Authority.forTests(now: now)
    #expect(try issue(["alice"], by: other) == [.replaced(because: .otherAuthority)])
  }

  @Test func replacesAnExpiredOrNotYetValidCertificate() throws {
    try expectReplaced(because: .expired, now: now + .days(31)) {}
    #expect(try issue(["alice"], now: now) == [.replaced(because: .notYetValid)])
  }

  @Test func replacesACertificateThatIsNotForClients() throws {
    try issue(["alice"])
    let server = try authority.issue(
      server: "m1", hosts: [HostName("localhost")], lifetime: .days(1), now: now)
    let fault = CredentialFault.first(
      of: server.certificate, key: server.key, user: "etcd-server m1", authority: authority.certificate,
      now: now)
    #expect(fault == .notForClients)
  }

  /// The two spellings are equal strings in Swift, but two users in etcd.
  @Test func theSameTextInOtherBytesIsAnotherUser() throws {
    let (composed, decomposed) = ("gr\u{fc}n", "gru\u{308}n")
    let credential = try authority.issue(client: composed, lifetime: .days(1), now: now)
    func fault(_ user: String) -> CredentialFault? {
      CredentialFault.first(
        of: credential.certificate, key: credential.key, user: user, authority: authority.certificate,
        now: now)
    }
    #expect(fault(composed) == nil)
    #expect(fault(decomposed) == .otherName)
  }

  @Test func aUserCalledCaDoesNotChangeTheAuthority() throws {
    try authority.save(to: credentials.path)
    #expect(try issue(["ca"]) == [.issued])
    #expect(try Authority.load(credentials.path, now: now).facts == authority.facts)
    #expect(try CertificateFacts.user(ofCertificateFile: path("%63a.crt")) == "ca")
  }

  @Test func neverReplacesAnAuthoritysCertificate() throws {
    try Directory.create(credentials.path)
    try AtomicFile.write(Array(authority.certificatePEM.utf8), to: path("etcd-ca.crt"))
    let error = #expect(throws: CertificatesError.self) { try issue(["etcd-ca"]) }
    #expect(message(error).contains("of an authority"))
    #expect(try FileContents.readText(path("etcd-ca.crt")) == authority.certificatePEM)
  }

  @Test func oneInvalidNameStopsTheRunBeforeTheFirstCertificate() throws {
    for bad in ["", "root", "a\nb"] { #expect(throws: CertificatesError.self) { try issue(["alice", bad]) } }
    #expect(!FileManager.default.fileExists(atPath: credentials.path))
  }

  @Test func rootIsIssuedOnlyIfAllowed() throws {
    let issued = try credentials.issueMissing(
      ["root"], by: authority, lifetime: .days(1), now: now, allowRoot: true)
    #expect(issued.map(\.action) == [.issued])
  }

  @Test func similarNamesHaveSeparateFiles() throws {
    let users = ["..", ".", "a/b", "../a", "a%2Fb", "gr\u{fc}n", "gru\u{308}n", "A", "a", "a b"]
    #expect(try issue(users).allSatisfy { $0 == .issued })
    #expect(try issue(users).allSatisfy { $0 == .kept })
    let names = try FileManager.default.contentsOfDirectory(atPath: credentials.path)
    #expect(names.count == 2 * users.count)
    #expect(names.allSatisfy { !$0.hasPrefix(".") })
    #expect(try CredentialFileName.encode("../a") == "%2E.%2Fa")
  }

  @Test func refusesANameThatIsTooLongForAFile() {
    #expect(throws: CertificatesError.self) { try issue([String(repeating: "\u{20ac}", count: 42)]) }
    #expect(throws: Never.self) { try issue([String(repeating: "n", count: 64)]) }
  }

  @Test func concurrentRunsLeaveMatchingPairs() async throws {
    let (credentials, authority, now) = (credentials, authority, now)
    let users = (0..<10).map { "user-\($0)" }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask { _ = try credentials.issueMissing(users, by: authority, lifetime: .days(1), now: now) }
      }
      try await group.waitForAll()
    }
    #expect(try issue(users).allSatisfy { $0 == .kept })
    #expect(try FileManager.default.contentsOfDirectory(atPath: credentials.path).count == 20)
  }
}
