import Files
import Foundation
import TestSupport
import Testing

@testable import Certificates

/// Reads certificates that `openssl` made.
@Suite(.enabled(if: OpenSSL.isInstalled, OpenSSL.isMissing))
final class CertificateFactsTests: TemporaryDirectorySuite {
  /// Makes a self-signed certificate and returns its path.
  private func certificate(subject: String, _ options: [String] = [], key: [String] = ["-newkey", "ed25519"])
    throws
    -> String
  {
    let path = directory + "/made.crt"
    try OpenSSL.run(
      [
        "req", "-x509", "-nodes", "-keyout", "/dev/null", "-out", path, "-days", "10", "-utf8", "-subj",
        subject,
      ]
        + key + options)
    return path
  }

  @Test func agreesWithOpenSSL() throws {
    let path = try certificate(
      subject: "/O=example/CN=alice",
      [
        "-addext", "subjectAltName=DNS:a.example,IP:10.0.0.1", "-addext",
        "extendedKeyUsage=serverAuth,clientAuth,1.2.3",
      ])
    let facts = try CertificateFacts(file: path)
    #expect(facts.subject == "CN=alice,O=example")
    #expect(facts.issuer == facts.subject)
    #expect(facts.commonNames == ["alice"])
    #expect(facts.keyAlgorithm == "Ed25519")
    #expect(facts.isAuthority)
    #expect(facts.alternativeNames == ["DNS:a.example", "IP:10.0.0.1"])
    #expect(facts.extendedKeyUsages == ["serverAuth", "clientAuth", "1.2.3"])
    #expect(facts.isValid(at: Date()))
    #expect(!facts.isValid(at: Date() + .days(11)))

    func openssl(_ field: String...) throws -> String {
      try OpenSSL.run(["x509", "-in", path, "-noout"] + field).split(separator: "=").last.map {
        $0.trimmingCharacters(in: .whitespacesAndNewlines).lowercased().replacingOccurrences(
          of: ":", with: "")
      } ?? ""
    }
    #expect(try facts.serial == openssl("-serial"))
    #expect(try facts.fingerprint == openssl("-fingerprint", "-sha256"))
    let end = ISO8601DateFormatter().string(from: facts.notAfter)
    #expect(
      try OpenSSL.run("x509", "-in", path, "-noout", "-enddate", "-dateopt", "iso_8601")
        == "notAfter=\(end.replacingOccurrences(of: "T", with: " "))\n")
  }

  @Test func theLastOfSeveralCommonNamesIsTheUser() throws {
    let path = try certificate(subject: "/CN=alice/O=x/CN=bob")
    let facts = try CertificateFacts(file: path)
    #expect(facts.commonNames == ["alice", "bob"])
    #expect(facts.user == "bob")
    #expect(!facts.hasOneCommonName)
    let error = #expect(throws: CertificatesError.self) { try CertificateFacts.user(ofCertificateFile: path) }
    #expect(message(error).contains("2 Common Names"))
  }

  @Test func theEncodingOrderDecidesInOneRelativeName() throws {
    // DER sorts the members of a set, shorter ones first, in any order of the request.
    for subject in ["/CN=bob+CN=alice", "/CN=alice+CN=bob"] {
      let path = try certificate(subject: subject, ["-multivalue-rdn"])
      #expect(try CertificateFacts(file: path).commonNames == ["bob", "alice"])
    }
  }

  @Test func withoutACommonNameThereIsNoUser() throws {
    let facts = try CertificateFacts(file: certificate(subject: "/O=only"))
    #expect(facts.user == nil)
    #expect(facts.commonNames.isEmpty)
    #expect(throws: CertificatesError.self) {
      try CertificateFacts.user(ofCertificateFile: directory + "/made.crt")
    }
  }

  @Test func readsOtherStringTypes() throws {
    for (mask, name) in [("MASK:0x800", "gr\u{fc}n"), ("MASK:0x2", "printable"), ("MASK:0x4", "teletex_x")] {
      let config = try file(
        "openssl.cnf", "[req]\ndistinguished_name=dn\nstring_mask=\(mask)\n[dn]\n")
      let path = try certificate(subject: "/CN=\(name)", ["-config", config])
      #expect(try CertificateFacts(file: path).user == name, "\(mask)")
    }
  }

  @Test(arguments: [
    ("RSA 2048", ["-newkey", "rsa:2048"]),
    ("P-384", ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"]),
    ("P-521", ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-521"]),
  ])
  func namesTheKeysAlgorithm(name: String, key: [String]) throws {
    let facts = try CertificateFacts(file: certificate(subject: "/CN=x", key: key))
    #expect(facts.keyAlgorithm == name)
    #expect(facts.isForClients)
    #expect(facts.extendedKeyUsages == nil)
  }

  @Test func refusesAnUnknownAlgorithm() throws {
    let path = try certificate(
      subject: "/CN=x", key: ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-224"])
    let error = #expect(throws: CertificatesError.self) { try CertificateFacts(file: path) }
    #expect(message(error).contains("unknown key or signature algorithm"))
  }

  @Test func readsEveryCertificateOfABundle() throws {
    let now = Date()
    let authority = try Authority.forTests(now: now)
    let leaf = try authority.issue(client: "alice", lifetime: .days(1), now: now)
    let bundle = leaf.certificatePEM + authority.certificatePEM
    #expect(try CertificateFacts.all(pem: bundle).map(\.user) == ["alice", "bulkhead test authority"])
    #expect(try CertificateFacts(pem: bundle) == leaf.facts)
  }

  @Test func roundTripsThroughJSON() throws {
    let facts = try Authority.forTests().facts
    #expect(try JSONDecoder().decode(CertificateFacts.self, from: JSONEncoder().encode(facts)) == facts)
  }

  /// Each prefix of a certificate, and each change of one byte, gives an error or facts, never a crash.
  @Test func brokenCertificatesAreErrors() throws {
    let pem = try Authority.forTests().certificatePEM
    let bytes = Array(pem.utf8)
    var refused = 0
    for position in bytes.indices {
      var flipped = bytes
      flipped[position] ^= UInt8(1 << (position % 7))
      for text in [
        String(decoding: bytes[..<position], as: UTF8.self), String(decoding: flipped, as: UTF8.self),
      ] {
        do { _ = try CertificateFacts(pem: text) } catch is CertificatesError { refused += 1 }
      }
    }
    #expect(refused > bytes.count)
  }

  @Test func saysWhichFileIsMissing() {
    let error = #expect(throws: FileError.self) { try CertificateFacts(file: directory + "/none.crt") }
    #expect(error?.kind == .missing)
  }
}
