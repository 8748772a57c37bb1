import Foundation
import Names
import TestSupport
import Testing

@testable import Certificates

@Suite(.enabled(if: OpenSSL.isInstalled, OpenSSL.isMissing))
final class IssuingTests: TemporaryDirectorySuite {
  let now = Date()

  /// The names of the extensions in the text of a certificate.
  private func extensions(in text: String) -> [String] {
    text.split(separator: "\n").filter { $0.hasPrefix("            X509v3 ") }.map {
      $0.dropFirst(19).split(separator: ":", maxSplits: 1).first.map(String.init) ?? ""
    }
  }

  @Test func aClientCertificateHasExactlyItsProfile() throws {
    let authority = try Authority.forTests(now: now)
    let credential = try authority.issue(client: "calico-node", lifetime: .days(90), now: now)
    let ca = try file("ca.crt", authority.certificatePEM)
    let path = try file("client.crt", credential.certificatePEM)
    let text = try OpenSSL.run("x509", "-in", path, "-noout", "-text")

    #expect(text.contains("Version: 3 (0x2)"))
    #expect(text.contains("Signature Algorithm: ecdsa-with-SHA256"))
    #expect(text.contains("Subject: CN = calico-node\n"))
    #expect(text.contains("Issuer: CN = bulkhead test authority\n"))
    #expect(text.contains("ASN1 OID: prime256v1"))
    #expect(text.contains("X509v3 Basic Constraints: critical\n                CA:FALSE\n"))
    #expect(text.contains("X509v3 Key Usage: critical\n                Digital Signature\n"))
    #expect(text.contains("X509v3 Extended Key Usage: \n                TLS Web Client Authentication\n"))
    #expect(
      Set(extensions(in: text)) == [
        "Basic Constraints", "Key Usage", "Extended Key Usage", "Subject Key Identifier",
        "Authority Key Identifier",
      ])
    #expect(
      try OpenSSL.run("x509", "-in", path, "-noout", "-subject", "-nameopt", "show_type").contains(
        "UTF8STRING:"))
    #expect(
      try OpenSSL.run("verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", ca, path).contains(": OK")
    )
    #expect(throws: OpenSSL.Failure.self) {
      try OpenSSL.run("verify", "-purpose", "sslserver", "-CAfile", ca, path)
    }
  }

  @Test func theKeyBelongsToTheCertificate() throws {
    let credential = try Authority.forTests(now: now).issue(client: "alice", lifetime: .days(1), now: now)
    let certificate = try file("alice.crt", credential.certificatePEM)
    let key = try file("alice.key", credential.key.secretPEM())
    #expect(
      try OpenSSL.run("x509", "-in", certificate, "-noout", "-pubkey")
        == OpenSSL.run("pkey", "-in", key, "-pubout"))
  }

  @Test func aServerCertificateHasItsNamesAndNoUsersName() throws {
    let authority = try Authority.forTests(now: now)
    let hosts = try ["localhost", "*.etcd.example.org", "10.0.0.11", "fd00::11"].map(HostName.init)
    let ca = try file("ca.crt", authority.certificatePEM)

    let server = try authority.issue(server: "m1", hosts: hosts, lifetime: .days(30), now: now)
    let serverPath = try file("server.crt", server.certificatePEM)
    let text = try OpenSSL.run("x509", "-in", serverPath, "-noout", "-text")
    #expect(text.contains("Subject: CN = etcd-server m1\n"))
    #expect(text.contains("Extended Key Usage: \n                TLS Web Server Authentication\n"))
    #expect(
      text.contains(
        "DNS:localhost, DNS:*.etcd.example.org, IP Address:10.0.0.11, IP Address:FD00:0:0:0:0:0:0:11\n"))
    for check in [
      ["-verify_ip", "10.0.0.11"], ["-verify_ip", "fd00::11"], ["-verify_hostname", "localhost"],
    ] {
      let verify = ["verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", ca] + check + [serverPath]
      #expect(try OpenSSL.run(verify).contains(": OK"))
    }
    #expect(
      server.facts.alternativeNames == [
        "DNS:localhost", "DNS:*.etcd.example.org", "IP:10.0.0.11", "IP:fd00::11",
      ])

    let peer = try authority.issue(peer: "m1", hosts: hosts, lifetime: .days(30), now: now)
    let peerPath = try file("peer.crt", peer.certificatePEM)
    #expect(peer.facts.user == "etcd-peer m1")
    #expect(peer.facts.extendedKeyUsages == ["serverAuth", "clientAuth"])
    for purpose in ["sslserver", "sslclient"] {
      let verdict = try OpenSSL.run("verify", "-x509_strict", "-purpose", purpose, "-CAfile", ca, peerPath)
      #expect(verdict.contains(": OK"))
    }
  }

  @Test func serialsHave128BitsAndAreAllDifferent() throws {
    let authority = try Authority.forTests(now: now)
    var serials: Set<String> = []
    for _ in 0..<200 {
      let credential = try authority.issue(client: "alice", lifetime: .days(1), now: now)
      #expect(credential.facts.serial.count == 32)
      serials.insert(credential.facts.serial)
      if serials.count <= 8 {
        let path = try file("alice.crt", credential.certificatePEM)
        let printed = try OpenSSL.run("x509", "-in", path, "-noout", "-serial")
        #expect(printed.lowercased() == "serial=\(credential.facts.serial)\n")
      }
    }
    #expect(serials.count == 200)
  }

  @Test func beginsFiveMinutesAgoAndEndsWithTheAuthority() throws {
    let moment = Date(timeIntervalSince1970: 1_800_000_000.7)
    let start = Date(timeIntervalSince1970: 1_800_000_000)
    let authority = try Authority.create(name: "ca", lifetime: .days(10), now: moment)
    let short = try authority.issue(client: "alice", lifetime: .days(3), now: moment + .days(1)).facts
    #expect(short.notBefore == start + .days(1) - .seconds(300))
    #expect(short.notAfter == start + .days(4))
    let long = try authority.issue(client: "alice", lifetime: .days(90), now: moment + .seconds(60)).facts
    #expect(long.notBefore == authority.facts.notBefore + .seconds(60))
    #expect(long.notAfter == authority.facts.notAfter)
    #expect(authority.facts.notAfter == start + .days(10))
  }

  @Test func usesTheUsersNameByteForByte() throws {
    let authority = try Authority.forTests(now: now)
    // Composed and decomposed forms of the same text are two users for etcd.
    let names = [
      "a b", "node/worker-1:x", "gr\u{fc}n", "gru\u{308}n", "a,O=b+CN=c", "Root",
      String(repeating: "n", count: 64),
    ]
    for name in names {
      let credential = try authority.issue(client: name, lifetime: .days(1), now: now)
      let path = try file("user.crt", credential.certificatePEM)
      #expect(Array(try CertificateFacts.user(ofCertificateFile: path).utf8) == Array(name.utf8))
      let subject = try OpenSSL.run(
        "x509", "-in", path, "-noout", "-subject", "-nameopt", "utf8,sep_multiline,sname")
      #expect(Array(subject.utf8) == Array("subject=\n    CN=\(name)\n".utf8))
    }
  }

  @Test(arguments: [
    ("", "is empty"), (String(repeating: "n", count: 65), "65 characters"),
    (String(repeating: "\u{20ac}", count: 50), "150 bytes"), ("a\tb", "control character"),
    ("alice\u{200b}", "invisible"), (" alice", "white space"), ("alice\u{a0}", "white space"),
    ("etcd-server m1", "reserved for"), ("etcd-peer m1", "reserved for"),
    ("bulkhead-authority x", "reserved for"),
    ("bulkhead probe", "reserved for"), ("alice\u{e000}", "invisible"),
    ("Bulkhead Test Authority", "authority's own name"),
  ])
  func refusesNamesThatCannotBeAUser(name: String, word: String) throws {
    let authority = try Authority.forTests(now: now)
    let error = #expect(throws: CertificatesError.self) {
      try authority.issue(client: name, lifetime: .days(1), now: now)
    }
    #expect(message(error).contains(word))
  }

  @Test func refusesControlCharacters() throws {
    let authority = try Authority.forTests(now: now)
    for name in ["root\0", "alice\n", "\u{7f}"] {
      let error = #expect(throws: CertificatesError.self) {
        try authority.issue(client: name, lifetime: .days(1), now: now)
      }
      #expect(message(error).contains("control character"))
    }
  }

  @Test func rootIsIssuedOnlyIfAllowed() throws {
    let authority = try Authority.forTests(now: now)
    #expect(throws: CertificatesError.self) {
      try authority.issue(client: "root", lifetime: .days(1), now: now)
    }
    let root = try authority.issue(client: "root", lifetime: .days(1), now: now, allowRoot: true)
    #expect(root.facts.user == "root")
  }
}
