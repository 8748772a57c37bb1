import Foundation
import Testing

@testable import Certificates

/// How many certificates one stolen key can get over the network.
@Suite final class IssuingLimitsTests: TemporaryDirectorySuite {
  let now = Date(timeIntervalSince1970: Date().timeIntervalSince1970.rounded(.down))

  private func enrolling(lifetime: Duration = .days(90)) throws -> Enrolling {
    Enrolling(directory: directory, authority: try .forTests(now: now - 86_400), lifetime: lifetime)
  }

  private func refusal(_ body: () async throws -> Enrolling.Held) async -> String {
    await #expect(throws: OrderRefusal.self) { _ = try await body() }?.message ?? ""
  }

  @Test(arguments: [(Duration.days(90), 86_400.0), (.seconds(3_600), 3_600)])
  func `what is issued over the network ends after a day, or earlier if the file says so`(
    lifetime: Duration, seconds: Double
  ) async throws {
    let enrolling = try enrolling(lifetime: lifetime)
    let held = try await enrolling.enrol(.on("n1"), by: enrolling.issuer(at: now))
    #expect(try CertificateFacts(pem: held.pem).notAfter == now + seconds)
  }

  @Test
  func `a renewal waits for a third of the lifetime, and one with a reason is possible four times a day`()
    async throws
  {
    let enrolling = try enrolling()
    var held = try await enrolling.enrol(.on("n1"), by: enrolling.issuer(at: now))
    #expect(
      await refusal { try await enrolling.renew(held, .on("n1"), by: enrolling.issuer(at: now + 7 * 3_600)) }
        .contains("can be renewed from"))
    held = try await enrolling.renew(held, .on("n1"), by: enrolling.issuer(at: now + 9 * 3_600))
    for _ in 0..<4 {
      held = try await enrolling.renew(
        held, .on("n1"), reason: "requested", by: enrolling.issuer(at: now + 9 * 3_600))
    }
    #expect(
      await refusal {
        try await enrolling.renew(
          held, .on("n1"), reason: "requested", by: enrolling.issuer(at: now + 9 * 3_600))
      }.contains("4 times within a day"))
    held = try await enrolling.renew(held, .on("n1"), by: enrolling.issuer(at: now + 18 * 3_600))
  }

  @Test func `one certificate is renewed three times an hour, also with another key each time`() async throws
  {
    let enrolling = try enrolling()
    let held = try await enrolling.enrol(.on("n1"), by: enrolling.issuer(at: now))
    let later = now + 12 * 3_600
    for _ in 0..<3 { _ = try await enrolling.renew(held, .on("n1"), by: enrolling.issuer(at: later)) }
    #expect(
      await refusal { try await enrolling.renew(held, .on("n1"), by: enrolling.issuer(at: later + 60)) }
        .contains("3 times within an hour"))
    _ = try await enrolling.renew(held, .on("n1"), by: enrolling.issuer(at: later + 3_700))
  }

  @Test func `a proof that is not used up gives twenty certificates an hour on a node`() async throws {
    let enrolling = try enrolling()
    for _ in 0..<20 { _ = try await enrolling.enrol(.on("n1"), by: enrolling.issuer(at: now)) }
    #expect(
      await refusal { try await enrolling.enrol(.on("n1"), by: enrolling.issuer(at: now + 60)) }
        .contains("20 certificates within an hour"))
    _ = try await enrolling.enrol(.on("n2"), by: enrolling.issuer(at: now + 60))
    _ = try await enrolling.enrol(.on("n1"), by: enrolling.issuer(at: now + 3_700))
  }

  @Test(arguments: [("n1", 4), (nil, 64)] as [(String?, Int)])
  func `the oldest of too many valid certificates is revoked`(node: String?, limit: Int) async throws {
    let enrolling = try enrolling()
    let issuer = try enrolling.issuer(at: now)
    let other = try await enrolling.enrol(.on("n2"), by: issuer)
    var held: [Enrolling.Held] = []
    for _ in 0..<(limit + 2) { held.append(try await enrolling.enrol(.on(node), by: issuer)) }
    let entries = try Ledger(in: directory).entries()
    let revoked = entries.filter { $0.revokedAt != nil }
    #expect(revoked.map(\.serial) == held.prefix(2).map(\.serial))
    #expect(revoked.allSatisfy { $0.reason == .superseded })
    #expect(entries.first { $0.serial == other.serial }?.revokedAt == nil)
    #expect(
      await refusal { try await enrolling.renew(held[0], .on(node), by: issuer) }.contains("was revoked"))
  }

  @Test func `a thief of one certificate gets a few dozen a day and not thousands`() async throws {
    let enrolling = try enrolling()
    var held = [try await enrolling.enrol(.on("n1"), by: enrolling.issuer(at: now))]
    // Every ten minutes of two days, with every certificate of the last hours, with and without a reason.
    for minute in stride(from: 10, to: 2 * 1_440, by: 10) {
      let issuer = try enrolling.issuer(at: now + Double(minute) * 60)
      for old in held.suffix(12) {
        for reason in [nil, "please"] {
          if let new = try? await enrolling.renew(old, .on("n1"), reason: reason, by: issuer) {
            held.append(new)
          }
        }
      }
    }
    #expect((10...400).contains(held.count), "\(held.count)")
    let live = try Ledger(in: directory).entries().filter {
      $0.revokedAt == nil && $0.notAfter > now + 172_000
    }
    #expect(live.count <= 4)
  }

  @Test func `a key that another identity or node has is refused`() async throws {
    let enrolling = try enrolling()
    let issuer = try enrolling.issuer(at: now)
    let key = try PrivateKey.generate()
    _ = try await enrolling.enrol(.on("n1"), key: key, by: issuer)
    for holder in [CertificateHolder.on("n2"), .on("n1", "calico-node")] {
      #expect(
        await refusal { try await enrolling.enrol(holder, key: key, by: issuer) }
          .contains("the key of another identity's certificate"))
    }
    // A request that is sent again, because its answer was lost.
    _ = try await enrolling.enrol(.on("n1"), key: key, by: issuer)
  }

  @Test func `the reason new-authority is refused only while the certificate is not due`() async throws {
    let enrolling = try enrolling()
    let held = try await enrolling.enrol(.on("n1"), by: enrolling.issuer(at: now))
    #expect(
      await refusal {
        try await enrolling.renew(
          held, .on("n1"), reason: "new-authority", by: enrolling.issuer(at: now + 7 * 3_600))
      }.contains("the authority in use has issued"))
    // An agent that goes on sending the reason gets its next certificate all the same.
    _ = try await enrolling.renew(
      held, .on("n1"), reason: "new-authority", by: enrolling.issuer(at: now + 9 * 3_600))
  }

  @Test func `after a roll-over a certificate is renewed at once`() async throws {
    let before = try enrolling()
    let held = try await before.enrol(.on("n1"), by: before.issuer(at: now))
    let after = Enrolling(
      directory: directory,
      authority: try .create(name: "new", lifetime: .days(30), now: now - 86_400), lifetime: .days(90))
    let new = try await after.renew(held, .on("n1"), by: after.issuer(at: now + 60))
    #expect(try CertificateFacts(pem: new.pem).issuer == "CN=new")
  }
}
