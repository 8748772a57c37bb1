import Files
import Foundation
import TestSupport
import Testing

@testable import Certificates

/// Certificates that secure the connections of users with a password, and that have no Common Name.
@Suite(.enabled(if: OpenSSL.isInstalled, OpenSSL.isMissing))
final class TransportCertificateTests: TemporaryDirectorySuite {
  private let now = Date()
  private let name = "neutron-driver-transport"

  @Test func theNameIsInTheOrganizationalUnit() throws {
    let authority = try Authority.forTests(now: now)
    let credential = try authority.issue(client: name, lifetime: .days(90), now: now)
    let ca = try file("ca.crt", authority.certificatePEM)
    let path = try file("client.crt", credential.certificatePEM)
    #expect(try OpenSSL.run("x509", "-in", path, "-noout", "-text").contains("Subject: OU = \(name)\n"))
    #expect(
      try OpenSSL.run("verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", ca, path).contains(": OK")
    )
    let facts = credential.facts
    #expect(facts.user == nil && facts.name == name && facts.commonNames.isEmpty)
    #expect(credential.fault(user: name, now: now) == nil)
    #expect(credential.fault(user: "neutron-driver", now: now) == .otherName)
    #expect(credential.fault(user: "dhcp-agent-transport", now: now) == .otherUnit)
  }

  @Test func aCertificateWithACommonNameIsReplaced() throws {
    let authority = try Authority.forTests(now: now)
    let old = try authority.issue(
      .forTests("neutron-driver-transport"), .client, lifetime: .days(90), now: now)
    let clients = CredentialDirectory("\(directory)/clients")
    try Directory.create(clients.path, mode: 0o700)
    try old.write(name: name, in: clients.path)
    let issuer = Issuer(
      authority, ledger: try Ledger(in: directory), lifetime: .days(90), now: now)
    let holder = CertificateHolder(client: name, component: "neutron-driver")
    let replaced = try clients.issue(for: [holder], by: issuer)
    #expect(replaced.map(\.action) == [.replaced(because: .hasCommonName)])
    let facts = try CertificateFacts(file: "\(clients.path)/\(name).crt")
    #expect(facts.transportName == name)
    #expect(try clients.issue(for: [holder], by: issuer).map(\.action) == [.kept])
    // The ledger knows it by its name.
    let ledger = try #require(issuer.ledger)
    #expect(try ledger.entry(of: facts)?.identity == name)
    #expect(try ledger.entry(of: facts)?.component == "neutron-driver")
  }

  @Test(arguments: ["/OU=neutron-driver-transport", "/CN=neutron-driver-transport"])
  func aRequestIsSignedWithoutACommonName(subject: String) throws {
    let request = try CertificateRequest(pem: try openSSLRequest(subject))
    #expect(request.name == name)
    let authority = try Authority.forTests(now: now)
    let issuer = Issuer(authority, ledger: try Ledger(in: directory), lifetime: .days(1), now: now)
    let pem = try issuer.sign(request, for: CertificateHolder(client: name), file: nil)
    let facts = try CertificateFacts(pem: pem)
    #expect(facts.commonNames.isEmpty && facts.transportName == name)
    #expect(try issuer.ledger?.entry(of: facts)?.identity == name)
    let other = #expect(throws: CertificatesError.self) {
      try issuer.sign(request, for: CertificateHolder(client: "dhcp-agent-transport"), file: nil)
    }
    #expect(other?.hint?.contains("-subj /OU=dhcp-agent-transport") == true)
  }

  @Test(arguments: ["/OU=neutron-driver", "/O=neutron-driver-transport", "/OU=a-transport/OU=b-transport"])
  func otherRequestsWithoutACommonNameAreRefused(subject: String) throws {
    let pem = try openSSLRequest(subject)
    #expect(throws: CertificatesError.self) { try CertificateRequest(pem: pem) }
  }

  @Test func anotherSourceMayLeaveTheUnitOut() throws {
    let authority = try Authority.forTests(now: now)
    let key = try OpenSSL.run("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
    let (ca, caKey) = (
      try file("ca.crt", authority.certificatePEM), try file("ca.key", authority.key.secretPEM())
    )
    let keyFile = try file("x.key", key)
    let csr = try OpenSSL.run("req", "-new", "-key", keyFile, "-subj", "/")
    let signed = try OpenSSL.run(
      "x509", "-req", "-in", try file("x.csr", csr), "-CA", ca, "-CAkey", caKey, "-CAcreateserial", "-days",
      "9")
    let credential = try Credential(
      certificatePEM: signed, key: PrivateKey(pem: key, source: "key"), source: "x")
    #expect(credential.fault(user: name, now: now + 60) == nil)
  }

  @Test func itIsRevokedByItsName() throws {
    let authority = try Authority.forTests(now: now)
    let issuer = Issuer(authority, ledger: try Ledger(in: directory), lifetime: .days(1), now: now)
    let holder = CertificateHolder(client: name, component: "neutron-driver")
    let credential = try #require(try issuer.issue([(holder, "\(directory)/x.crt")]).first)
    let entries = try #require(try issuer.ledger?.entries())
    #expect(entries.map(\.identity) == [name] && entries[0].fingerprint == credential.facts.fingerprint)
  }

  private func openSSLRequest(_ subject: String) throws -> String {
    try OpenSSL.run(
      "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
      "\(directory)/key.pem", "-subj", subject)
  }
}

extension SubjectName {
  /// A subject with this Common Name, as earlier releases made it.
  fileprivate static func forTests(_ name: String) throws -> SubjectName { try SubjectName(authority: name) }
}
