import Database
import Files
import Foundation
import Glibc
import TestSupport
import Testing

@testable import Certificates

/// Revocation of identities, serials and files, also while others renew and after an old ledger was put back.
@Suite final class RevokingTests: TemporaryDirectorySuite {
  let now = Date(timeIntervalSince1970: Date().timeIntervalSince1970.rounded(.down))
  let enrolling: Enrolling

  override init() throws {
    let place = NSTemporaryDirectory() + "bulkhead-revoking-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: false)
    enrolling = Enrolling(directory: place, authority: try .forTests(now: now - 86_400))
    try super.init()
  }

  deinit { try? FileManager.default.removeItem(atPath: enrolling.directory) }

  private var pki: String { enrolling.directory }
  private func issuer(at moment: Date? = nil) throws -> Issuer { try enrolling.issuer(at: moment ?? now) }
  private var entries: [LedgerEntry] { get throws { try Ledger(in: pki).entries() } }

  /// The serials on the list in the folder, and its number.
  private func list() throws -> (serials: Set<String>, number: Int) {
    let written = try OpenSSL.run("crl", "-inform", "DER", "-in", "\(pki)/crl.der", "-noout", "-text")
    let serials = written.matches(of: /Serial Number: ([0-9A-F]+)/).map { $0.1.lowercased() }
    let number = written.firstMatch(of: /CRL Number: \s+(\d+)/).flatMap { Int($0.1) }
    return (Set(serials), number ?? 0)
  }

  @Test func `an identity is revoked, blocked until it is unblocked, and loses its tokens`() async throws {
    let issuer = try issuer()
    let ledger = try Ledger(in: pki)
    let mine = try await enrolling.enrol(.on("n1"), by: issuer)
    let other = try await enrolling.enrol(.on("n2"), by: issuer)
    let expires = now + 3_600
    func grant(_ node: String?, _ components: [String]?) -> JoinGrant {
      JoinGrant(node: node, components: components, uses: 9, expiresAt: expires)
    }
    let grants = [
      grant("n1", nil), grant("n1", ["cni-plugin"]), grant("n1", ["calico-node"]), grant("n2", nil),
      grant(nil, ["kube-controllers"]),
    ]
    let tokens = grants.map { (token: JoinToken(), grant: $0) }
    try ledger.add(tokens, now: now)
    let outcome = try issuer.revoke(RevocationOrder(["cni-plugin.n1"], because: .keyCompromise))
    #expect(outcome.revoked.map(\.serial) == [mine.serial] && outcome.before.isEmpty)
    #expect(Set(outcome.tokens) == Set(tokens.prefix(2).map(\.token.id)))
    #expect(outcome.blocked.map(\.identity) == ["cni-plugin.n1"])
    #expect(try entries.filter { $0.revokedAt == nil }.map(\.serial) == [other.serial])

    let proofs: [EnrolmentOrder.Proof] = [
      .vouched(Entitlement(node: "n1", components: nil), .once), .certificate(mine.der, nil),
      .token(tokens[0].token),
      .token(tokens[2].token),
    ]
    for proof in proofs {
      await #expect(throws: OrderRefusal.self) {
        _ = try await enrolling.enrol(.on("n1"), proof: proof, by: issuer)
      }
    }
    let request = try CertificateRequest(pem: .make(for: "cni-plugin.n1", key: .generate()))
    #expect(throws: OrderRefusal.self) { try issuer.sign(request, for: .on("n1"), file: nil) }
    _ = try await enrolling.enrol(.on("n2"), by: issuer)

    #expect(try ledger.unblock("cni-plugin.n1", node: nil) == 1)
    #expect(try ledger.unblock("cni-plugin.n1", node: nil) == 0)
    _ = try await enrolling.enrol(.on("n1"), by: issuer)
    await #expect(throws: OrderRefusal.self) {
      _ = try await enrolling.enrol(.on("n1"), proof: .certificate(mine.der, nil), by: issuer)
    }
  }

  @Test func `the block of a node leaves other nodes alone`() async throws {
    let issuer = try issuer()
    func holder(_ node: String) -> CertificateHolder {
      CertificateHolder(client: "felix", component: "felix", node: node, sharesName: true)
    }
    for node in ["n1", "n2"] { _ = try await enrolling.enrol(holder(node), by: issuer) }
    let outcome = try issuer.revoke(RevocationOrder(["felix"], node: "n1"))
    #expect(outcome.revoked.map(\.node) == ["n1"])
    await #expect(throws: OrderRefusal.self) { _ = try await enrolling.enrol(holder("n1"), by: issuer) }
    _ = try await enrolling.enrol(holder("n2"), by: issuer)
  }

  /// The attack: renew as fast as possible, with every certificate that was obtained, while another process
  /// revokes.
  @Test(arguments: 0..<3) func `who renews while being revoked keeps nothing`(round: Int) async throws {
    let later = now + 12 * 3_600
    let first = try await enrolling.enrol(.on("n1"), by: issuer())
    let enrolling = enrolling
    let thief = Task {
      var held = [first]
      while !Task.isCancelled {
        let issuer = try enrolling.issuer(at: later)
        for old in held.suffix(4) {
          if let new = try? await enrolling.renew(old, .on("n1"), reason: "requested", by: issuer) {
            held.append(new)
          }
          await Task.yield()
        }
      }
      return held
    }
    // The thief has renewed at least once.
    while try entries.count < 2 { await Task.yield() }
    let revoking = try issuer(at: later)
    let outcome = try revoking.revoke(RevocationOrder(["cni-plugin.n1"], because: .keyCompromise))
    #expect(outcome.revoked.count + outcome.before.count >= 2)
    let count = try entries.count
    for _ in 0..<200 { await Task.yield() }
    thief.cancel()
    let held = try await thief.value
    let entries = try entries
    #expect(entries.count == count, "nothing is issued after the revocation")
    #expect(entries.allSatisfy { $0.revokedAt != nil })
    #expect(Set(held.map(\.serial)).isSubset(of: Set(entries.map(\.serial))))
  }

  @Test func `a serial's renewals are named, and revoked on request`() async throws {
    let issuers = try (0..<3).map { try issuer(at: now + Double($0) * 12 * 3_600) }
    let first = try await enrolling.enrol(.on("n1"), by: issuers[0])
    let second = try await enrolling.renew(first, .on("n1"), by: issuers[1])
    let third = try await enrolling.renew(second, .on("n1"), by: issuers[2])
    let alone = try issuers[2].revoke(RevocationOrder([second.serial.uppercased()]))
    #expect(alone.revoked.map(\.serial) == [second.serial] && alone.blocked.isEmpty)
    #expect(alone.renewals.map(\.serial) == [third.serial])
    let all = try issuers[2].revoke(RevocationOrder(["00:" + second.serial], withRenewals: true))
    #expect(all.revoked.map(\.serial) == [third.serial] && all.before.map(\.serial) == [second.serial])
    #expect(all.renewals.isEmpty)
  }

  @Test func `what was revoked before is found again, and a name of the file without a certificate`() throws {
    let issuer = try issuer()
    _ = try CredentialDirectory("\(pki)/clients").issue(for: [CertificateHolder(client: "bob")], by: issuer)
    let path = "\(pki)/clients/bob.crt"
    #expect(try issuer.revoke(RevocationOrder(["bob"])).revoked.count == 1)
    let again = try issuer.revoke(RevocationOrder(["bob", path]))
    #expect(again.revoked.isEmpty && again.before.count == 1 && again.identities == ["bob"])
    let known = try issuer.revoke(
      RevocationOrder(["carol"], known: [CertificateHolder(client: "carol")]))
    #expect(known.revoked.isEmpty && known.blocked.map(\.identity) == ["carol"])
    #expect(throws: CertificatesError.self) { try issuer.revoke(RevocationOrder(["dave"])) }
    #expect(throws: CertificatesError.self) { try issuer.revoke(RevocationOrder(["bob", "dave"])) }
  }

  @Test(.enabled(if: OpenSSL.isInstalled, OpenSSL.isMissing))
  func `an old ledger that was put back is noticed, and nothing is unrevoked`() throws {
    let clients = CredentialDirectory("\(pki)/clients")
    func issue(_ user: String) throws -> String {
      let path = try clients.issue(for: [CertificateHolder(client: user)], by: issuer()).map(
        \.certificatePath)
      return try CertificateFacts(file: #require(path.first)).serial
    }
    let alice = try issue("alice")
    try copyLedger(from: pki, to: directory)
    let bob = try issue("bob")
    let carol = try issue("carol")
    _ = try issuer().revoke(RevocationOrder(["alice", "bob"], because: .keyCompromise))
    for _ in 0..<3 { _ = try issuer().writeRevocationList(in: pki, validity: .days(1)) }
    #expect(try list() == ([alice, bob], 3))
    try issuer().checkLedgerIsCurrent()

    try copyLedger(from: directory, to: pki)
    #expect(try entries.map(\.identity) == ["alice"])
    let request = try CertificateRequest(pem: .make(for: "alice", key: .generate()))
    #expect(throws: CertificatesError.self) { try issue("dave") }
    #expect(throws: CertificatesError.self) {
      try issuer().sign(request, for: CertificateHolder(client: "alice"), file: nil)
    }
    #expect(try entries.map(\.identity) == ["alice"])
    let list4 = try issuer().writeRevocationList(in: pki, validity: .days(1))
    #expect(list4.number == 4 && list4.keptAfterRestore == 2 && list4.count == 2)
    #expect(try list() == ([alice, bob], 4))
    #expect(try entries.first?.reason == .keyCompromise)
    try issuer().checkLedgerIsCurrent()
    #expect(list4.blockedAfterRestore.map(\.identity) == ["alice"])
    #expect(throws: OrderRefusal.self) {
      try issuer().sign(request, for: CertificateHolder(client: "alice"), file: nil)
    }
    let skipped = try clients.issue(for: [CertificateHolder(client: "alice")], by: issuer())
    #expect(skipped.map(\.block?.identity) == ["alice"] && skipped.allSatisfy { !$0.isNew })
    let list5 = try issuer().writeRevocationList(in: pki, validity: .days(1))
    #expect(list5.number == 5 && list5.keptAfterRestore == nil && list5.count == 2)

    // Issued after the copy: known by its file only.
    #expect(throws: CertificatesError.self) { try issuer().revoke(RevocationOrder([carol])) }
    let outcome = try issuer().revoke(RevocationOrder(["\(pki)/clients/carol.crt"]))
    #expect(outcome.revoked.map(\.serial) == [carol] && outcome.identities == ["carol"])
    let again = try issuer().revoke(RevocationOrder(["\(pki)/clients/bob.crt"]))
    #expect(again.revoked.map(\.serial) == [bob])
    _ = try issuer().writeRevocationList(in: pki, validity: .days(1))
    #expect(try list() == ([alice, bob, carol], 6))
  }

  @Test func `an agent whose identity is blocked is told so, and not to enrol again`() async throws {
    let issuer = try issuer(at: now)
    let first = try await enrolling.enrol(.on("n1"), by: issuer)
    _ = try issuer.revoke(RevocationOrder(["cni-plugin.n1"]))
    let refusal = await #expect(throws: OrderRefusal.self) {
      try await enrolling.renew(first, .on("n1"), by: issuer)
    }
    #expect(refusal?.message.contains("is blocked since") == true)
    #expect(refusal?.hint?.contains("certs unblock") == true)
  }

  @Test func `what is on the list is not renewed, whatever the ledger says`() async throws {
    let issuer = try issuer(at: now)
    let first = try await enrolling.enrol(.on("n1"), by: issuer)
    _ = try issuer.revoke(RevocationOrder([first.serial]))
    _ = try issuer.writeRevocationList(in: pki, validity: .days(1))
    try issuer.ledger?.write { db in
      try db.run("UPDATE certificate SET revokedAt = NULL, reason = NULL")
      return
    }
    let later = try self.issuer(at: now + 12 * 3_600)
    let refusal = await #expect(throws: OrderRefusal.self) {
      try await enrolling.renew(first, .on("n1"), by: later)
    }
    #expect(refusal?.message == "the client's certificate was revoked")
  }

  @Test func `a blocked identity gets no new certificate by issue, and the others do`() throws {
    let clients = CredentialDirectory("\(pki)/clients")
    let holders = ["alice", "bob"].map { CertificateHolder(client: $0) }
    _ = try clients.issue(for: [holders[0]], by: issuer())
    _ = try issuer().revoke(RevocationOrder(["alice"]))
    let issued = try clients.issue(for: holders, by: issuer(), renewal: .always)
    #expect(issued.map(\.isNew) == [false, true] && issued[0].block?.identity == "alice")
    #expect(throws: OrderRefusal.self) { try issuer().issue([(holders[0], "\(directory)/a.crt")]) }
    #expect(try entries.map(\.identity) == ["alice", "bob"])
    #expect(try Ledger(in: pki).unblock("alice", node: nil) == 1)
    #expect(try clients.issue(for: holders, by: issuer()).map(\.isNew) == [true, false])
  }

  @Test func `a folder that others may write is refused`() throws {
    #expect(chmod(pki, 0o757) == 0)
    #expect(throws: FileError.self) { try Ledger(in: pki) }
    #expect(throws: FileError.self) { try Authority.load(pki, now: now) }
    #expect(chmod(pki, 0o755) == 0)
    _ = try Ledger(in: pki)
  }

  @Test(.enabled(if: geteuid() == 0, "only root may give folders away"))
  func `a folder of another user is refused`() throws {
    #expect(chown(pki, 65_534, 0) == 0)
    #expect(throws: FileError.self) { try Ledger(in: pki) }
    #expect(chown(pki, 0, 0) == 0)
  }

  @Test func `a certificate of another authority is not revoked here, one of an earlier authority is`() throws
  {
    let other = try Authority.create(name: "other", lifetime: .days(30), now: now)
    try other.issue(client: "eve", lifetime: .days(1), now: now).write(name: "eve", in: directory)
    let error = #expect(throws: CertificatesError.self) {
      try issuer().revoke(RevocationOrder(["\(directory)/eve.crt"]))
    }
    #expect(message(error).contains("no authority that is known here"))
    let outcome = try issuer().revoke(
      RevocationOrder(["\(directory)/eve.crt"]), earlier: [other.certificatePEM])
    #expect(outcome.revoked.map(\.authority) == [other.facts.fingerprint])
  }

  /// As an operator copies it while nothing runs: the ledger with what SQLite keeps beside it.
  private func copyLedger(from: String, to: String) throws {
    for suffix in ["", "-wal", "-shm"] {
      let (source, target) = ("\(from)/ledger.sqlite\(suffix)", "\(to)/ledger.sqlite\(suffix)")
      try? FileManager.default.removeItem(atPath: target)
      if FileManager.default.fileExists(atPath: source) {
        try FileManager.default.copyItem(atPath: source, toPath: target)
      }
    }
  }
}

extension String {
  fileprivate static func make(for user: String, key: PrivateKey) throws -> String {
    try CertificateRequest.make(for: user, key: key)
  }
}
