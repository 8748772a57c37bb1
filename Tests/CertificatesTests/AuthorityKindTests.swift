import Foundation
import Names
import TestSupport
import Testing

@testable import Certificates

@Suite(.enabled(if: OpenSSL.isInstalled, OpenSSL.isMissing))
final class AuthorityKindTests: TemporaryDirectorySuite {
  let now = Date()

  private func verify(_ authority: Authority, _ leaf: Credential, purpose: String = "sslclient") throws {
    let ca = try file("ca.crt", authority.certificatePEM)
    let path = try file("leaf.crt", leaf.certificatePEM)
    let verdict = try OpenSSL.run("verify", "-x509_strict", "-purpose", purpose, "-CAfile", ca, path)
    #expect(verdict.contains(": OK"))
  }

  @Test(arguments: zip(KeyAlgorithm.allCases, ["P-256", "P-384", "RSA 3072", "RSA 4096", "Ed25519"]))
  func everyKindOfKeyIssues(kind: KeyAlgorithm, name: String) throws {
    let authority = try Authority.create(name: "ca", lifetime: .days(99), now: now, key: kind)
    #expect(authority.facts.keyAlgorithm == name)
    try verify(authority, authority.issue(client: "alice", lifetime: .days(9), now: now))
    try authority.save(to: directory + "/pki")
    #expect(try Authority.load(directory + "/pki", now: now).facts == authority.facts)
  }

  @Test func aClientsOnlyAuthorityDoesNotSignServers() throws {
    let authority = try Authority.create(
      name: "ca", lifetime: .days(99), now: now, limits: AuthorityLimits(isForClientsOnly: true))
    try verify(authority, authority.issue(client: "node-1.example.org", lifetime: .days(9), now: now))
    let error = #expect(throws: CertificatesError.self) {
      try authority.issue(server: "m1", hosts: [HostName("localhost")], lifetime: .days(9), now: now)
    }
    #expect(message(error).contains("for servers"))
  }

  @Test func nameConstraintsHoldHereAndInOpenssl() throws {
    let authority = try Authority.create(
      name: "ca", lifetime: .days(99), now: now,
      limits: AuthorityLimits(
        domains: ["example.org"], networks: [IPNetwork("10.0.0.0/8"), IPNetwork("fd00::/8")])
    )
    let text = try OpenSSL.run("x509", "-in", file("ca.crt", authority.certificatePEM), "-noout", "-text")
    #expect(text.contains("X509v3 Name Constraints: critical"))
    #expect(text.contains("DNS:example.org"))
    #expect(text.contains("IP:10.0.0.0/255.0.0.0"))
    let hosts = try ["example.org", "etcd-0.example.org", "10.1.2.3", "fd00::1"].map(HostName.init)
    try verify(
      authority, authority.issue(server: "m1", hosts: hosts, lifetime: .days(9), now: now),
      purpose: "sslserver")
    for host in ["example.com", "badexample.org", "localhost", "11.0.0.1", "fe00::1"] {
      let error = #expect(throws: CertificatesError.self) {
        try authority.issue(server: "m1", hosts: [HostName(host)], lifetime: .days(9), now: now)
      }
      #expect(message(error).contains("name constraints"))
    }
  }

  @Test func aKindOfNameWithoutPermissionIsExcluded() throws {
    let domains = try Authority.create(
      name: "ca", lifetime: .days(99), now: now, limits: AuthorityLimits(domains: ["example.org"]))
    let networks = try Authority.create(
      name: "ca", lifetime: .days(99), now: now, limits: AuthorityLimits(networks: [IPNetwork("10.0.0.0/8")]))
    for (authority, host) in [(domains, "10.0.0.1"), (domains, "::1"), (networks, "example.org")] {
      #expect(throws: CertificatesError.self) {
        try authority.issue(server: "m1", hosts: [HostName(host)], lifetime: .days(9), now: now)
      }
    }
    try verify(
      networks, networks.issue(server: "m1", hosts: [HostName("10.0.0.1")], lifetime: .days(9), now: now),
      purpose: "sslserver")
  }

  @Test(arguments: ["10.0.0.0", "10.0.0.0/33", "10.0.0.1/8", "example.org/8", "/8", "10.0.0.0/-1"])
  func refusesInvalidNetworks(text: String) {
    #expect(throws: CertificatesError.self) { try IPNetwork(text) }
  }

  @Test func anIntermediateFollowsItsCertificatesInTheChain() throws {
    let key = directory + "/root.key"
    let root = directory + "/root.crt"
    try OpenSSL.run("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
    try OpenSSL.run(
      "req", "-x509", "-new", "-key", key, "-subj", "/CN=etcd-ca", "-days", "30", "-out", root, "-addext",
      "keyUsage=critical,keyCertSign,cRLSign")
    let parent = try Authority.importing(
      certificatePEM: text("root.crt"), keyPEM: text("root.key"), now: Date())
    let authority = try Authority.create(
      name: "bulkhead", lifetime: .days(99), now: Date(), key: .p384, signedBy: parent)
    #expect(authority.facts.issuer == "CN=etcd-ca")
    #expect(authority.facts.notAfter == parent.facts.notAfter)
    let leaf = try file(
      "leaf.crt", authority.issue(client: "alice", lifetime: .days(9), now: Date()).certificatePEM)
    #expect(try text("leaf.crt").components(separatedBy: "BEGIN CERTIFICATE").count == 3)
    let verdict = try OpenSSL.run(
      "verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", root, "-untrusted", leaf, leaf)
    #expect(verdict.contains(": OK"))
    let error = #expect(throws: CertificatesError.self) {
      try Authority.create(name: "below", lifetime: .days(9), now: Date(), signedBy: authority)
    }
    #expect(message(error).contains("path length"))
  }

  @Test func aMembersCertificatesAllowServerAndClientUse() throws {
    let authority = try Authority.forTests(now: now)
    let issuer = Issuer(authority, ledger: try Ledger(in: directory), lifetime: .days(9), now: now)
    let paths = try issuer.issueMember("m1", hosts: [HostName("127.0.0.1")], to: directory + "/m1")
    #expect(paths.map { $0.split(separator: "/").last } == ["server.crt", "peer.crt"])
    let ca = try file("ca.crt", authority.certificatePEM)
    for path in paths {
      for purpose in ["sslserver", "sslclient"] {
        let verdict = try OpenSSL.run(
          "verify", "-x509_strict", "-purpose", purpose, "-verify_ip", "127.0.0.1", "-CAfile", ca, path)
        #expect(verdict.contains(": OK"))
      }
      #expect(mode(of: path.dropLast(3) + "key") == 0o600)
    }
    let entries = try Ledger(in: directory).entries()
    #expect(entries.map(\.identity) == ["etcd-server m1", "etcd-peer m1"])
    #expect(entries.map(\.purpose) == [.server, .peer])
    #expect(throws: CertificatesError.self) { try issuer.issueMember("m1", hosts: [], to: directory) }
  }
}
