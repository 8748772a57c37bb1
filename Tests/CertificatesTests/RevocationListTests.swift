import Foundation
import TestSupport
import Testing

@testable import Certificates

@Suite(.enabled(if: OpenSSL.isInstalled, OpenSSL.isMissing))
final class RevocationListTests: TemporaryDirectorySuite {
  let now = Date(timeIntervalSince1970: Date().timeIntervalSince1970.rounded(.down))

  private func issuer(_ authority: Authority, now: Date? = nil) throws -> Issuer {
    Issuer(authority, ledger: try Ledger(in: directory), lifetime: .days(90), now: now ?? self.now)
  }

  private func issue(_ users: [String], by authority: Authority) throws -> [String] {
    try CredentialDirectory(directory).issue(
      for: users.map { CertificateHolder(client: $0) }, by: issuer(authority)
    ).map(\.certificatePath)
  }

  private func printed() throws -> String {
    try OpenSSL.run("crl", "-inform", "DER", "-in", "\(directory)/crl.der", "-noout", "-text")
  }

  private func verifies(_ authority: Authority) throws -> Bool {
    let ca = try file("ca.crt", authority.certificatePEM)
    return try OpenSSL.run(
      "crl", "-inform", "DER", "-in", "\(directory)/crl.der", "-noout", "-verify", "-CAfile", ca
    ).contains("verify OK")
  }

  @Test(arguments: KeyAlgorithm.allCases) func opensslAcceptsListsOfEachKindOfAuthority(kind: KeyAlgorithm)
    throws
  {
    let authority = try Authority.create(name: "ca", lifetime: .days(365), now: now, key: kind)
    let paths = try issue(["alice", "bob"], by: authority)
    let issuer = try issuer(authority)
    try issuer.ledger?.revoke(
      serials: [CertificateFacts(file: paths[0]).serial], at: now, because: .keyCompromise)
    let list = try issuer.writeRevocationList(in: directory, validity: .days(7))
    #expect(list.count == 1)
    #expect(list.number == 1)
    #expect(try verifies(authority))
    #expect(mode(of: list.path) == 0o644)

    let text = try printed()
    #expect(text.contains("Version 2 (0x1)"))
    #expect(text.contains("Issuer: CN = ca\n"))
    #expect(text.contains("X509v3 CRL Number: \n                1\n"))
    #expect(text.contains("X509v3 Authority Key Identifier"))
    #expect(text.contains("Key Compromise"))
    #expect(try text.contains("Serial Number: \(CertificateFacts(file: paths[0]).serial.uppercased())"))

    let ca = try file("ca.crt", authority.certificatePEM)
    let pem = try file(
      "crl.pem", OpenSSL.run("crl", "-inform", "DER", "-in", list.path, "-outform", "PEM"))
    let check = ["verify", "-x509_strict", "-crl_check", "-CRLfile", pem, "-CAfile", ca]
    #expect(try OpenSSL.run(check + [paths[1]]).contains(": OK"))
    let refusal = #expect(throws: OpenSSL.Failure.self) { try OpenSSL.run(check + [paths[0]]) }
    #expect(refusal?.description.contains("certificate revoked") == true)
  }

  @Test func writesEachReasonExceptUnspecified() throws {
    let authority = try Authority.forTests(now: now)
    let reasons = RevocationReason.allCases
    let paths = try issue(reasons.map(\.rawValue), by: authority)
    let issuer = try issuer(authority)
    for (path, reason) in zip(paths, reasons) {
      try issuer.ledger?.revoke(serials: [CertificateFacts(file: path).serial], at: now, because: reason)
    }
    _ = try issuer.writeRevocationList(in: directory, validity: .days(7))
    let text = try printed()
    for words in [
      "Key Compromise", "Affiliation Changed", "Superseded", "Cessation Of Operation", "Privilege Withdrawn",
    ] { #expect(text.contains(words)) }
    #expect(text.components(separatedBy: "CRL Reason Code").count - 1 == reasons.count - 1)
    #expect(try verifies(authority))
  }

  @Test func anEmptyListIsValidAndNumbersIncrease() throws {
    let authority = try Authority.forTests(now: now)
    let issuer = try issuer(authority)
    for number in 1...3 {
      let list = try issuer.writeRevocationList(in: directory, validity: .days(7))
      #expect(list.number == number)
    }
    #expect(try printed().contains("No Revoked Certificates"))
    #expect(try verifies(authority))
    #expect(try issuer.ledger?.nextUpdateOfList() == now + .days(7))
  }

  @Test func datesAfter2049AreWrittenInFull() throws {
    let authority = try Authority.create(name: "ca", lifetime: .days(36_000), now: now)
    let later = Date(timeIntervalSince1970: 2_524_607_999)  // The last second of 2049.
    let issuer = try issuer(authority, now: later)
    _ = try issuer.writeRevocationList(in: directory, validity: .days(1))
    let text = try printed()
    #expect(text.contains("Last Update: Dec 31 23:59:59 2049 GMT"))
    #expect(text.contains("Next Update: Jan  1 23:59:59 2050 GMT"))
    let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(directory)/crl.der"))
    #expect(bytes.range(of: Data([0x17, 0x0d] + Array("491231235959Z".utf8))) != nil)
    #expect(bytes.range(of: Data([0x18, 0x0f] + Array("20500101235959Z".utf8))) != nil)
  }

  @Test func certificatesThatExpiredLeaveTheListAfterTheNextOne() throws {
    let authority = try Authority.forTests(now: now)
    let path = try issue(["alice"], by: authority)[0]
    try Ledger(in: directory).revoke(
      serials: [CertificateFacts(file: path).serial], at: now, because: .superseded)
    func count(after days: Int) throws -> Int {
      try issuer(authority, now: now + .days(days)).writeRevocationList(in: directory, validity: .days(7))
        .count
    }
    #expect(try count(after: 1) == 1)
    // The first list after its end still has it (RFC 5280, section 3.3).
    #expect(try count(after: 91) == 1)
    #expect(try count(after: 92) == 0)
  }

  @Test func concurrentWritersLeaveTheListWithTheHighestNumber() async throws {
    let authority = try Authority.forTests(now: now)
    let (directory, now) = (directory, now)
    let numbers = try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<6 {
        group.addTask {
          try Issuer(authority, ledger: Ledger(in: directory), lifetime: .days(1), now: now)
            .writeRevocationList(in: directory, validity: .days(7)).number
        }
      }
      return try await group.reduce(into: [Int]()) { $0.append($1) }
    }
    #expect(Set(numbers).count == 6)
    let highest = try #require(numbers.max())
    #expect(try printed().contains("X509v3 CRL Number: \n                \(highest)\n"))
  }

  @Test func refusesAnAuthorityThatMayNotSignLists() throws {
    let key = directory + "/ca.key"
    try OpenSSL.run("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
    let certificate = try OpenSSL.run(
      "req", "-x509", "-new", "-key", key, "-subj", "/CN=ca", "-days", "9", "-addext",
      "keyUsage=critical,keyCertSign")
    let authority = try Authority.importing(certificatePEM: certificate, keyPEM: text("ca.key"), now: Date())
    let error = #expect(throws: CertificatesError.self) {
      try issuer(authority).writeRevocationList(in: directory, validity: .days(7))
    }
    #expect(message(error).contains("cRLSign"))
    #expect(!FileManager.default.fileExists(atPath: "\(directory)/crl.der"))
  }
}
