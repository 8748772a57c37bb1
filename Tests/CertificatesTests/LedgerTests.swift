import Database
import Files
import Foundation
import TestSupport
import Testing

@testable import Certificates

@Suite final class LedgerTests: TemporaryDirectorySuite {
  let now = Date(timeIntervalSince1970: Date().timeIntervalSince1970.rounded(.down))
  let authority: Authority

  override init() throws {
    authority = try Authority.forTests()
    try super.init()
  }

  private func issuer(_ ledger: Ledger?, lifetime: Duration = .days(90), now: Date? = nil) -> Issuer {
    Issuer(authority, ledger: ledger, lifetime: lifetime, now: now ?? self.now)
  }

  private var clients: CredentialDirectory { CredentialDirectory("\(directory)/clients") }

  private func facts(of user: String) throws -> CertificateFacts {
    try CertificateFacts(file: clients.certificatePath(of: user))
  }

  @Test func recordsEachCertificate() throws {
    let ledger = try Ledger(in: directory)
    _ = try clients.issue(
      for: [
        CertificateHolder(client: "calico-node", component: "calico-node", node: "node-1", sharesName: true),
        CertificateHolder(client: "cni.node-1", component: "cni-plugin", node: "node-1"),
        CertificateHolder(client: "alice", component: "calicoctl"),
      ], by: issuer(ledger))
    let entries = try Ledger(in: directory).entries()
    #expect(entries.map(\.identity) == ["calico-node", "cni.node-1", "alice"])
    #expect(entries.map(\.component) == ["calico-node", "cni-plugin", "calicoctl"])
    #expect(entries.map(\.node) == ["node-1", "node-1", nil])
    #expect(Set(entries.map(\.purpose)) == [.client])
    #expect(entries[0].file == "\(directory)/clients/calico-node@node-1.crt")
    #expect(entries[1].file == "\(directory)/clients/cni.node-1.crt")
    let alice = try facts(of: "alice")
    #expect(entries[2].serial == alice.serial)
    #expect(entries[2].fingerprint == alice.fingerprint)
    #expect(entries[2].notBefore == alice.notBefore)
    #expect(entries[2].notAfter == now + .days(90))
    #expect(entries[2].authority == authority.facts.fingerprint)
    #expect(try ledger.entry(of: alice) == entries[2])
  }

  /// In a process of its own, because the umask belongs to the process.
  @Test func onlyTheOwnerCanReadTheLedgerAndItsFiles() async {
    await #expect(processExitsWith: .success) {
      umask(0)
      let folder = try TemporaryFolder()
      let ledger = try Ledger(in: folder.path)
      let issuer = try Issuer(Authority.forTests(), ledger: ledger, lifetime: .days(90), now: Date())
      _ = try CredentialDirectory("\(folder.path)/clients").issue(
        for: [CertificateHolder(client: "alice")], by: issuer)
      let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter {
        $0.hasPrefix("ledger")
      }
      #expect(files.contains("ledger.sqlite-wal"))
      for file in files { #expect(mode(of: "\(folder.path)/\(file)") == 0o600) }
    }
  }

  @Test func writesNoFileIfTheLedgerCannotBeWritten() throws {
    let ledger = try Ledger(in: directory)
    _ = try ledger.write { try $0.run("DROP TABLE certificate") }
    #expect(throws: CertificatesError.self) {
      try clients.issue(for: [CertificateHolder(client: "alice")], by: issuer(ledger))
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: clients.path).isEmpty)
  }

  @Test func aSerialIsNeverRecordedTwice() throws {
    let ledger = try Ledger(in: directory)
    _ = try clients.issue(for: [CertificateHolder(client: "alice")], by: issuer(ledger))
    let error = #expect(throws: CertificatesError.self) { try ledger.record(ledger.entries()) }
    #expect(message(error).contains("already"))
    #expect(try ledger.entries().count == 1)
  }

  @Test func manyProcessesOpenAndWriteItAtOnce() async throws {
    let (directory, authority, now) = (directory, authority, now)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for writer in 0..<8 {
        group.addTask {
          let issuer = Issuer(
            authority, ledger: try Ledger(in: directory), lifetime: .days(1), now: now)
          for number in 0..<10 {
            _ = try CredentialDirectory("\(directory)/clients-\(writer)").issue(
              for: [CertificateHolder(client: "user-\(number)")], by: issuer)
          }
        }
      }
      try await group.waitForAll()
    }
    let entries = try Ledger(in: directory).entries()
    #expect(entries.count == 80)
    #expect(Set(entries.map(\.serial)).count == 80)
  }

  @Test func recordsCertificatesThatWereIssuedWithoutIt() throws {
    _ = try clients.issue(for: [CertificateHolder(client: "alice")], by: issuer(nil))
    let ledger = try Ledger(in: directory)
    let issued = try clients.issue(for: [CertificateHolder(client: "alice")], by: issuer(ledger))
    #expect(issued.map(\.action) == [.kept])
    #expect(try ledger.entries().map(\.serial) == [facts(of: "alice").serial])
  }

  @Test func aRevokedCertificateIsReplacedByTheNextIssue() throws {
    let ledger = try Ledger(in: directory)
    let holders = [CertificateHolder(client: "alice"), CertificateHolder(client: "bob")]
    _ = try clients.issue(for: holders, by: issuer(ledger))
    let serial = try facts(of: "alice").serial
    #expect(try ledger.revoke(serials: [serial], at: now, because: .keyCompromise) == 1)
    #expect(try ledger.revoke(serials: [serial], at: now + .days(1), because: .superseded) == 0)
    let entry = try #require(ledger.entries().first)
    #expect(entry.revokedAt == now)
    #expect(entry.reason == .keyCompromise)
    let again = try clients.issue(for: holders, by: issuer(ledger))
    #expect(again.map(\.action) == [.replaced(because: .revoked), .kept])
    #expect(try facts(of: "alice").serial != serial)
  }

  @Test func findsByIdentitySerialAndFile() throws {
    let ledger = try Ledger(in: directory)
    _ = try clients.issue(
      for: ["node-1", "node-2"].map { CertificateHolder(client: "felix", node: $0, sharesName: true) }
        + [CertificateHolder(client: "alice")], by: issuer(ledger))
    let alice = try facts(of: "alice")
    let serial = alice.serial
    func found(_ words: [String], node: String? = nil) throws -> [LedgerEntry] {
      let outcome = try issuer(ledger).revoke(RevocationOrder(words, node: node))
      return outcome.revoked + outcome.before
    }
    #expect(try found(["felix"], node: "node-2").map(\.node) == ["node-2"])
    #expect(try found(["felix"]).count == 2)
    #expect(try found([serial.uppercased()]).map(\.identity) == ["alice"])
    #expect(try found(["00:" + serial]).map(\.identity) == ["alice"])
    #expect(try found([clients.certificatePath(of: "alice"), "alice"]).count == 1)
    let error = #expect(throws: CertificatesError.self) { try found(["bob"]) }
    #expect(message(error).contains("\"bob\""))
  }

  @Test func `a ledger that others may read is closed to them, one that they may write is refused`() throws {
    _ = try Ledger(in: directory)
    let path = "\(directory)/ledger.sqlite"
    try FileContents.setMode(0o644, of: path)
    _ = try Ledger(in: directory)
    #expect(mode(of: path) == 0o600)
    try FileContents.setMode(0o666, of: path)
    let error = #expect(throws: CertificatesError.self) { try Ledger(in: directory) }
    #expect(message(error).contains("other users may write"))
  }

  @Test func refusesALedgerOfALaterReleaseAndOtherFiles() throws {
    let ledger = try Ledger(in: directory)
    _ = try ledger.write { try $0.run("INSERT INTO grdb_migrations VALUES ('99: of the future')") }
    let later = #expect(throws: CertificatesError.self) { try Ledger(in: directory) }
    #expect(message(later).contains("later release"))
    let other = "\(directory)/other"
    try Directory.create(other)
    try AtomicFile.write(Array("this is no database, not in the least".utf8), to: "\(other)/ledger.sqlite")
    let damaged = #expect(throws: CertificatesError.self) { try Ledger(in: other) }
    #expect(message(damaged).contains("is damaged"))
  }

  @Test func tellsTheStateOfEachCertificate() throws {
    let ledger = try Ledger(in: directory)
    let start = now - .days(60)
    let users = ["due", "fresh", "gone", "old", "revoked"]
    for user in users {
      let lifetime: Duration = user == "old" ? .days(30) : user == "due" ? .days(80) : .days(365)
      _ = try clients.issue(
        for: [CertificateHolder(client: user)],
        by: Issuer(
          Authority.create(name: "ca", lifetime: .days(3650), now: start), ledger: ledger, lifetime: lifetime,
          now: start))
    }
    let replaced = try facts(of: "fresh").serial
    try FileManager.default.removeItem(atPath: clients.certificatePath(of: "fresh"))
    _ = try clients.issue(for: [CertificateHolder(client: "fresh")], by: issuer(ledger))
    try FileManager.default.removeItem(atPath: clients.certificatePath(of: "gone"))
    try ledger.revoke(serials: [facts(of: "revoked").serial], at: now, because: .unspecified)

    let inventory = try Inventory(ledger, now: now, share: Renewal.usualShare)
    func states(_ user: String) -> [Inventory.State] {
      inventory.lines.filter { $0.entry.identity == user }.map(\.state)
    }
    #expect(inventory.lines.first?.entry.identity == "old")
    #expect(states("old") == [.expiredInUse])
    #expect(states("due") == [.inUse])
    #expect(states("fresh") == [.inUse, .replaced])
    #expect(inventory.lines.first { $0.state == .replaced }?.entry.serial == replaced)
    #expect(states("gone") == [.fileMissing])
    #expect(states("revoked") == [.revokedInUse])
    #expect(
      Set(inventory.lines.filter(\.needsAttention).map(\.entry.identity)) == ["old", "due", "revoked"])
    let window = try Inventory(ledger, now: now, share: 0.99, expiringWithin: .days(300 + 30))
    #expect(
      Set(window.lines.filter(\.needsAttention).map(\.entry.identity)) == [
        "old", "due", "fresh", "gone", "revoked",
      ])
  }
}
