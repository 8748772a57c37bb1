import Cryptography
import TestSupport
import Testing

@Suite(.enabled(if: OpenSSL.isInstalled, OpenSSL.isMissing))
final class RequestAndListTests: FolderSuite {
  private let now = CertificateTests.now

  @Test(arguments: KeyTests.kinds) func opensslReadsARequest(kind: KeyKind) throws {
    let key = try PrivateKey.generate(kind)
    let plain = try CertificateRequest(subject: DistinguishedName(commonName: "gr\u{fc}n"), key: key)
    let path = try file("plain.csr", plain.pem())
    let text = try OpenSSL.run("req", "-in", path, "-noout", "-verify", "-text", "-nameopt", "utf8")
    #expect(text.contains("verify OK"))
    #expect(text.contains("CN=gr\u{fc}n"))
    #expect(text.contains("(none)"))
    let names = try CertificateExtension.subjectAlternativeNames([.dns("a.example"), .ip([127, 0, 0, 1])])
    let named = try CertificateRequest(
      subject: DistinguishedName(commonName: "x"), key: key, extensions: [names])
    let namedText = try OpenSSL.run(
      "req", "-in", file("named.csr", named.pem()), "-noout", "-verify", "-text")
    #expect(namedText.contains("DNS:a.example, IP Address:127.0.0.1"))

    let again = try CertificateRequest(der: plain.der)
    #expect(again.publicKey == key.publicKey)
    #expect(again.subject == DistinguishedName(commonName: "gr\u{fc}n"))
    #expect(again.isSignedByItsKey)
    for index in stride(from: 10, to: plain.der.count, by: 3) {
      var bytes = plain.der
      bytes[index] ^= 4
      guard let changed = try? CertificateRequest(der: bytes) else { continue }
      #expect(!changed.isSignedByItsKey)
    }
  }

  @Test func readsWhatOpensslRequests() throws {
    try OpenSSL.run(
      "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "/dev/null", "-subj", "/O=o/CN=alice",
      "-outform",
      "DER", "-out", path("alice.csr"), "-addext", "subjectAltName=DNS:a")
    let request = try CertificateRequest(der: bytes("alice.csr"))
    #expect(request.isSignedByItsKey)
    #expect(request.subject.description == "CN=alice,O=o")
    #expect(request.publicKey.kind == .rsa(bits: 2048))
    let good = try bytes("alice.csr")
    for count in stride(from: 0, to: good.count, by: 3) {
      #expect(throws: CryptographyError.self) { try CertificateRequest(der: Array(good.prefix(count))) }
    }
    #expect(throws: CryptographyError.self) { try CertificateRequest(der: good + [0]) }
  }

  @Test(arguments: KeyTests.kinds) func opensslReadsAList(kind: KeyKind) throws {
    let key = try PrivateKey.generate(kind)
    let authority = try CertificateTests.authority("ca", key)
    let entries: [RevocationList.Entry] = [
      .init(serial: [9], date: now - 5, reason: nil), .init(serial: [0x80, 1], date: now - 9, reason: 1),
      .init(serial: [3, 4, 5], date: now, reason: 4),
    ]
    let list = try RevocationList(
      issuer: authority.subject, thisUpdate: now, nextUpdate: now + 60, entries: entries,
      extensions: [
        .authorityKeyIdentifier(try #require(try authority.subjectKeyIdentifier)), .listNumber(0x80_01),
      ], key: key)
    let ca = try file("ca.crt", authority.pem())
    let path = try file("list.crl", list.pem())
    let text = try OpenSSL.run("crl", "-in", path, "-noout", "-text", "-CAfile", ca, "-verify")
    for words in [
      "verify OK", "Version 2 (0x1)", "X509v3 CRL Number: \n                32769\n", "Serial Number: 8001",
      "Serial Number: 030405", "Key Compromise", "Superseded", "X509v3 Authority Key Identifier",
    ] { #expect(text.contains(words), "\(words)") }
    let again = try RevocationList(der: list.der)
    #expect(again.entries == entries)
    #expect(again.number == [0x80, 1])
    #expect(again.issuer == authority.subject)
    #expect(again.thisUpdate == now)
    #expect(again.nextUpdate == now + 60)
    #expect(again.isSigned(by: key.publicKey))
    #expect(!again.isSigned(by: try PrivateKey.generate(kind).publicKey))
  }

  @Test func anEmptyListHasNoListOfEntries() throws {
    let key = try PrivateKey.generate(.p256)
    let list = try RevocationList(
      issuer: DistinguishedName(commonName: "ca"), thisUpdate: now, nextUpdate: now + 60, entries: [],
      extensions: [.listNumber(1)], key: key)
    #expect(list.entries.isEmpty)
    let text = try OpenSSL.run("crl", "-in", file("list.crl", list.pem()), "-noout", "-text")
    #expect(text.contains("No Revoked Certificates"))
  }

  @Test func brokenListsNeverTrap() throws {
    let key = try PrivateKey.generate(.p256)
    let good = try RevocationList(
      issuer: DistinguishedName(commonName: "ca"), thisUpdate: now, nextUpdate: now + 60,
      entries: [.init(serial: [1], date: now, reason: 1), .init(serial: [2], date: now, reason: nil)],
      extensions: [.listNumber(1)], key: key
    ).der
    for count in 0..<good.count {
      #expect(throws: CryptographyError.self) { try RevocationList(der: Array(good.prefix(count))) }
    }
    #expect(throws: CryptographyError.self) { try RevocationList(der: good + [0]) }
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<3_000 {
      var bytes = good
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      }
      guard let list = try? RevocationList(der: bytes) else { continue }
      _ = (list.entries, list.number, list.isSigned(by: key.publicKey))
    }
  }
}
