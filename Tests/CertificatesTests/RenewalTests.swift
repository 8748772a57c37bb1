import Foundation
import Testing

@testable import Certificates

@Suite final class RenewalTests: TemporaryDirectorySuite {
  let now = Date(timeIntervalSince1970: Date().timeIntervalSince1970.rounded(.down))

  private func renew(
    _ users: [String], by authority: Authority, at moment: Date, _ renewal: Renewal = .due(after: 2.0 / 3)
  ) throws -> [CredentialDirectory.Action] {
    try CredentialDirectory("\(directory)/clients").issue(
      for: users.map { CertificateHolder(client: $0) },
      by: Issuer(authority, ledger: Ledger(in: directory), lifetime: .days(90), now: moment), renewal: renewal
    ).map(\.action)
  }

  private func files() throws -> [String: Data] {
    let names = try FileManager.default.contentsOfDirectory(atPath: "\(directory)/clients")
    return try Dictionary(
      uniqueKeysWithValues: names.map {
        ($0, try Data(contentsOf: URL(fileURLWithPath: "\(directory)/clients/\($0)")))
      })
  }

  @Test func renewsAfterTwoThirdsAndChangesNothingElse() throws {
    let authority = try Authority.forTests(now: now)
    _ = try renew(["alice"], by: authority, at: now)
    _ = try renew(["bob"], by: authority, at: now + .days(30))
    let before = try files()
    #expect(try renew(["alice", "bob"], by: authority, at: now + .days(59)) == [.kept, .kept])
    #expect(try files() == before)

    #expect(try renew(["alice", "bob"], by: authority, at: now + .days(60)) == [.renewed, .kept])
    let after = try files()
    #expect(after["bob.crt"] == before["bob.crt"])
    #expect(after["bob.key"] == before["bob.key"])
    #expect(after["alice.key"] != before["alice.key"])
    let certificate = String(decoding: try #require(after["alice.crt"]), as: UTF8.self)
    let key = try PrivateKey(pem: String(decoding: try #require(after["alice.key"]), as: UTF8.self))
    let leaf = try PEMText(text: certificate, source: "").certificates()[0]
    #expect(key.belongs(to: leaf))
    #expect(CertificateFacts(leaf).notAfter == now + .days(150))
    #expect(mode(of: "\(directory)/clients/alice.key") == 0o600)
    #expect(try Ledger(in: directory).entries().map(\.identity) == ["alice", "bob", "alice"])
  }

  @Test func theShareCanBeChangedOrIgnored() throws {
    let authority = try Authority.forTests(now: now)
    _ = try renew(["alice"], by: authority, at: now)
    #expect(try renew(["alice"], by: authority, at: now + .days(40), .due(after: 0.5)) == [.kept])
    #expect(try renew(["alice"], by: authority, at: now + .days(46), .due(after: 0.5)) == [.renewed])
    #expect(try renew(["alice"], by: authority, at: now + .days(46), .never) == [.kept])
    #expect(try renew(["alice"], by: authority, at: now + .days(46), .always) == [.renewed])
  }

  @Test func anAuthorityThatEndsWithTheCertificateCannotRenewIt() throws {
    let authority = try Authority.create(name: "ca", lifetime: .days(90), now: now)
    _ = try renew(["alice"], by: authority, at: now)
    #expect(try renew(["alice"], by: authority, at: now + .days(80)) == [.kept])
  }
}
