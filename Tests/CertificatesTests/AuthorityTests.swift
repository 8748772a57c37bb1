import Files
import Foundation
import TestSupport
import Testing

@testable import Certificates

@Suite(.enabled(if: OpenSSL.isInstalled, OpenSSL.isMissing))
final class AuthorityTests: TemporaryDirectorySuite {
  let now = Date()

  @Test func hasTheProfileOfALeafAuthority() throws {
    let authority = try Authority.create(name: "prod-eu", lifetime: .days(3650), now: now)
    let path = try file("ca.crt", authority.certificatePEM)
    let text = try OpenSSL.run("x509", "-in", path, "-noout", "-text")
    #expect(text.contains("Subject: CN = prod-eu\n"))
    #expect(text.contains("Issuer: CN = prod-eu\n"))
    #expect(text.contains("X509v3 Basic Constraints: critical\n                CA:TRUE, pathlen:0\n"))
    #expect(text.contains("X509v3 Key Usage: critical\n                Certificate Sign, CRL Sign\n"))
    #expect(text.contains("X509v3 Subject Key Identifier:"))
    #expect(text.contains("ASN1 OID: prime256v1"))
    #expect(!text.contains("Extended Key Usage"))
    #expect(!text.contains("Alternative Name"))
    #expect(
      try OpenSSL.run("verify", "-x509_strict", "-check_ss_sig", "-CAfile", path, path).contains(": OK"))
  }

  @Test func writesAKeyThatOnlyTheOwnerCanRead() throws {
    let pki = directory + "/new/pki"
    let authority = try Authority.forTests(now: now)
    try authority.save(to: pki)
    #expect(mode(of: pki) == 0o700)
    #expect(mode(of: pki + "/ca.key") == 0o600)
    #expect(mode(of: pki + "/ca.crt") == 0o644)
    #expect(try OpenSSL.run("pkey", "-in", pki + "/ca.key", "-noout", "-check").contains("Key is valid"))
    let loaded = try Authority.load(pki, now: now)
    #expect(loaded.facts == authority.facts)
    #expect(try loaded.key.secretPEM() == authority.key.secretPEM())
  }

  @Test func isNeverOverwritten() throws {
    let first = try Authority.forTests(now: now)
    try first.save(to: directory)
    let error = try #require(throws: FileError.self) { try Authority.forTests(now: now).save(to: directory) }
    #expect(error.kind == .exists)
    #expect(try Authority.load(directory, now: now).facts == first.facts)
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory).sorted() == ["ca.crt", "ca.key"])
  }

  @Test func concurrentSavesLeaveOneCompleteAuthority() async throws {
    let directory = directory
    let now = now
    let winners = try await withThrowingTaskGroup(of: String?.self) { group in
      for _ in 0..<8 {
        group.addTask {
          let authority = try Authority.forTests(now: now)
          do {
            try authority.save(to: directory)
            return authority.facts.fingerprint
          } catch {
            #expect((error as? FileError)?.kind == .exists)
            return nil
          }
        }
      }
      return try await group.reduce(into: [String]()) { winners, print in
        if let print { winners.append(print) }
      }
    }
    #expect(winners == [try Authority.load(directory, now: now).facts.fingerprint])
  }

  @Test func saysWhichFileIsMissing() throws {
    try file("ca.crt", Authority.forTests(now: now).certificatePEM)
    let error = #expect(throws: FileError.self) { try Authority.load(directory, now: now) }
    #expect(error?.kind == .missing)
    #expect(error?.path == directory + "/ca.key")
  }

  @Test func issuesNothingAfterItsEnd() throws {
    let authority = try Authority.create(
      name: "short", lifetime: .days(1), now: now - .days(2) + .seconds(90_000))
    #expect(throws: CertificatesError.self) {
      try authority.issue(client: "alice", lifetime: .days(1), now: now + .days(1))
    }
  }

  @Test(arguments: [0, -1, 101 * 365 * 86_400]) func refusesAnImpossibleLifetime(seconds: Int) {
    let error = #expect(throws: CertificatesError.self) {
      try Authority.create(name: "ca", lifetime: .seconds(seconds), now: now)
    }
    #expect(message(error).contains("\(seconds) seconds"))
  }

  @Test func lastsBeyondTheYear2050() throws {
    let authority = try Authority.create(name: "ca", lifetime: .days(36_500), now: now)
    let path = try file("ca.crt", authority.certificatePEM)
    let later = Int((now + .days(36_000)).timeIntervalSince1970)
    #expect(try OpenSSL.run("verify", "-attime", "\(later)", "-CAfile", path, path).contains(": OK"))
  }
}
