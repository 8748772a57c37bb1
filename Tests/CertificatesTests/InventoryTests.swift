import Foundation
import Testing

@testable import Certificates

/// The states of certificates whose holders the file has, or has not any more.
@Suite final class InventoryTests: TemporaryDirectorySuite {
  private let now = Date()

  private func issue(_ holder: CertificateHolder, lifetime: Duration = .days(30)) throws -> LedgerEntry {
    let issuer = Issuer(
      try authority.get(), ledger: try Ledger(in: directory), lifetime: lifetime, now: now)
    let name = try holder.fileName()
    let issued = try #require(try issuer.issue([(holder, "\(directory)/\(name).crt")]).first)
    try issued.write(name: name, in: directory)
    return try #require(try issuer.ledger?.entry(of: issued.facts))
  }

  private lazy var authority = Result { try Authority.forTests(now: now) }

  private func holder(_ name: String, _ node: String? = nil) -> CertificateHolder {
    CertificateHolder(client: name, node: node, sharesName: node != nil)
  }

  @Test func aHolderThatIsNotInTheFileIsKnownByNameAndNode() throws {
    let (a1, a2) = (try issue(holder("a", "n1")), try issue(holder("a", "n2")))
    let (shared, old) = (try issue(holder("b")), try issue(holder("gone")))
    // A certificate that was issued over the network has the node of its proof.
    let enrolled = try issue(holder("b", "n7"))
    let before = try issue(holder("a"))
    let known = [holder("a", "n1"), holder("b")]
    func lines(at moment: Date) throws -> [String: Inventory.Line] {
      let inventory = try Inventory(Ledger(in: directory), now: moment, share: 0.9, holders: known)
      return Dictionary(uniqueKeysWithValues: inventory.lines.map { ($0.entry.serial, $0) })
    }
    let states = try lines(at: now)
    #expect(states[a1.serial]?.state == .inUse && states[shared.serial]?.state == .inUse)
    #expect(states[enrolled.serial]?.state == .inUse)
    for (entry, revocation) in [
      (a2, ["a", "--node", "n2"]), (old, ["gone"]),
      // The identity still has other certificates.
      (before, [before.serial]),
    ] {
      #expect(states[entry.serial]?.state == .notInFile)
      #expect(states[entry.serial]?.needsAttention == true)
      #expect(states[entry.serial]?.revocation == revocation)
    }
    // After its end nothing needs to be done.
    let ended = try lines(at: now + .days(31))
    #expect(ended[old.serial]?.state == .expiredInUse && ended[old.serial]?.needsAttention == false)
    #expect(ended[a1.serial]?.needsAttention == true)
    // Without a file nothing is known.
    let unknown = try Inventory(Ledger(in: directory), now: now, share: 0.9)
    #expect(unknown.lines.allSatisfy { $0.state == .inUse })
  }
}
