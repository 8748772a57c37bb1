import Cryptography
import TestSupport
import Testing
import Text

@Suite(.enabled(if: OpenSSL.isInstalled, OpenSSL.isMissing))
final class CertificateTests: FolderSuite {
  static let now = 1_800_000_000

  /// An authority that signed itself.
  static func authority(
    _ name: String, _ key: PrivateKey, constraints: NameConstraints? = nil, pathLength: Int? = 0,
    from start: Int = now, to end: Int = now + 86_400
  ) throws -> Certificate {
    var extensions: [CertificateExtension] = [
      .basicConstraints(BasicConstraints(isAuthority: true, pathLength: pathLength)),
      .keyUsage([.keyCertSign, .cRLSign]), .subjectKeyIdentifier(try key.publicKey.identifier),
    ]
    if let constraints { extensions.append(try .nameConstraints(constraints)) }
    let subject = DistinguishedName(commonName: name)
    return try Certificate(
      CertificateTemplate(
        serial: Randomness.bytes(16), subject: subject, publicKey: key.publicKey, notBefore: start,
        notAfter: end,
        extensions: extensions), issuer: subject, key: key)
  }

  /// A leaf of an authority.
  static func leaf(
    _ name: String, _ publicKey: PublicKey, by authority: Certificate, _ key: PrivateKey,
    serial: [UInt8] = [1],
    usages: [String] = [ExtendedKeyUsage.clientAuth], names: [GeneralName] = [], from start: Int = now,
    to end: Int = now + 3_600
  ) throws -> Certificate {
    var extensions: [CertificateExtension] = [
      .basicConstraints(BasicConstraints(isAuthority: false)), .keyUsage([.digitalSignature]),
      .subjectKeyIdentifier(try publicKey.identifier),
      .authorityKeyIdentifier(try #require(try authority.subjectKeyIdentifier)),
      try .extendedKeyUsage(usages),
    ]
    if !names.isEmpty { extensions.append(try .subjectAlternativeNames(names)) }
    return try Certificate(
      CertificateTemplate(
        serial: serial, subject: DistinguishedName(commonName: name), publicKey: publicKey, notBefore: start,
        notAfter: end, extensions: extensions), issuer: authority.subject, key: key)
  }

  /// RFC 5280, section 4.1.2.5.2; etcd does not start with such a certificate, because Go cannot read it.
  @Test func aTimeWithFractionsOfASecondIsRefused() throws {
    // 2051-01-01 00:00:00, which is written as a GeneralizedTime.
    let good = try Self.authority("ca", PrivateKey.generate(.p256), to: 2_556_144_000)
    var der = good.der
    let time = Array("20510101000000Z".utf8)
    let start = try #require(
      der.indices.first { der[$0...].starts(with: [0x18, UInt8(time.count)] + time) })
    // The sequence of both times, whose first is a UTCTime; the two outermost lengths have two bytes.
    let validity = start - 15 - 2
    try #require(der[validity] == 0x30 && der[1] == 0x82 && der[5] == 0x82)
    der.insert(contentsOf: Array(".5".utf8), at: start + 2 + time.count - 1)
    for length in [start + 1, validity + 1] { der[length] += 2 }
    for high in [2, 6] {
      let length = Int(der[high]) << 8 + Int(der[high + 1]) + 2
      (der[high], der[high + 1]) = (UInt8(length >> 8), UInt8(length & 0xff))
    }
    #expect(throws: CryptographyError.self) { try Certificate(der: der) }
    _ = try Certificate(der: good.der)
  }

  @Test(arguments: KeyTests.kinds) func opensslReadsAndVerifiesWhatIsIssued(kind: KeyKind) throws {
    let key = try PrivateKey.generate(kind)
    let constraints = NameConstraints(
      permitted: [.dns("example.org"), .ip([10, 0, 0, 0, 255, 0, 0, 0])],
      excluded: [.dns("bad.example.org")])
    let authority = try Self.authority("ca, \"of\" test", key, constraints: constraints)
    let names: [GeneralName] = [.dns("a.example.org"), .ip([10, 1, 2, 3])]
    let leaf = try Self.leaf(
      "gr\u{fc}n", PrivateKey.generate(kind).publicKey, by: authority, key,
      serial: [0x80] + [UInt8](repeating: 1, count: 15),
      usages: [ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth], names: names)

    let ca = try file("ca.crt", authority.pem())
    let path = try file("leaf.crt", leaf.pem())
    for purpose in ["sslclient", "sslserver"] {
      #expect(
        try OpenSSL.run(
          "verify", "-x509_strict", "-attime", "\(Self.now + 10)", "-purpose", purpose, "-verify_hostname",
          "a.example.org", "-CAfile", ca, path
        ).contains(": OK"))
    }
    let text = try OpenSSL.run("x509", "-in", ca, "-noout", "-text")
    for words in [
      "CA:TRUE, pathlen:0", "Certificate Sign, CRL Sign", "X509v3 Name Constraints: critical",
      "DNS:example.org",
      "IP:10.0.0.0/255.0.0.0", "DNS:bad.example.org", "Not Before: Jan 15 08:00:00 2027 GMT",
    ] { #expect(text.contains(words), "\(words)") }
    let leafText = try OpenSSL.run("x509", "-in", path, "-noout", "-text", "-nameopt", "utf8")
    for words in [
      "CN=gr\u{fc}n", "CA:FALSE", "Digital Signature",
      "TLS Web Server Authentication, TLS Web Client Authentication",
      "DNS:a.example.org, IP Address:10.1.2.3", "80:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01",
    ] { #expect(leafText.contains(words), "\(words)") }
    #expect(
      try OpenSSL.run("x509", "-in", path, "-noout", "-fingerprint", "-sha256").lowercased()
        .filter { $0 != ":" }.contains(leaf.fingerprint.hexadecimal))

    // And it is read again as it was written.
    let again = try Certificate(der: leaf.der)
    #expect(try again.publicKey == leaf.publicKey)
    #expect(again.subject == leaf.subject)
    #expect(again.subject.description == "CN=gr\u{fc}n")
    #expect(again.issuer == authority.subject)
    #expect(again.issuer.description == "CN=ca\\, \\\"of\\\" test")
    #expect(again.serial == [0x80] + [UInt8](repeating: 1, count: 15))
    #expect(again.notBefore == Self.now)
    #expect(again.notAfter == Self.now + 3_600)
    #expect(try again.basicConstraints == BasicConstraints(isAuthority: false))
    #expect(try again.keyUsage == [.digitalSignature])
    #expect(try again.extendedKeyUsage == [ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth])
    #expect(try again.subjectAlternativeNames == names)
    #expect(try again.nameConstraints == nil)
    #expect(try authority.nameConstraints == constraints)
    #expect(try authority.basicConstraints == BasicConstraints(isAuthority: true, pathLength: 0))
    #expect(try authority.keyUsage == [.keyCertSign, .cRLSign])
    #expect(again.isSigned(by: key.publicKey))
    #expect(!again.isSigned(by: try again.publicKey))
  }

  @Test func datesThrough2049AndAfter() throws {
    let key = try PrivateKey.generate(.p256)
    // The first second of 1950, the last of 2049, the first of 2050, the last of 9999.
    for (start, end) in [(-631_152_000, 2_524_607_999), (0, 2_524_608_000), (1, 253_402_300_799)] {
      let certificate = try Certificate(der: Self.authority("ca", key, from: start, to: end).der)
      #expect(certificate.notBefore == start)
      #expect(certificate.notAfter == end)
    }
    let later = try Self.authority("ca", key, from: 2_524_607_999, to: 2_524_608_000).der
    #expect(later.hexadecimal.contains("170d" + Array("491231235959Z".utf8).hexadecimal))
    #expect(later.hexadecimal.contains("180f" + Array("20500101000000Z".utf8).hexadecimal))
    #expect(throws: CryptographyError.self) { try Self.authority("ca", key, to: 253_402_300_800) }
  }

  @Test func oneNameNeverBringsAnother() throws {
    let key = try PrivateKey.generate(.p256)
    let authority = try Self.authority("ca", key)
    let names: [GeneralName] = [.dns("a.example.org,DNS:evil.example.org"), .uri("https://a/\nDNS:evil")]
    let leaf = try Self.leaf("x,CN=root\0", key.publicKey, by: authority, key, names: names)
    #expect(try Certificate(der: leaf.der).subjectAlternativeNames == names)
    #expect(leaf.subject.attributes.map(\.text) == ["x,CN=root\0"])
    #expect(leaf.subject.description == "CN=x\\,CN=root\\00")
  }

  @Test func everyKindOfNameIsRead() throws {
    let config = try file(
      "openssl.cnf",
      """
      [req]
      distinguished_name = dn
      x509_extensions = v3
      [dn]
      [v3]
      subjectAltName = DNS:a.example,email:x@y.z,URI:https://a/,RID:1.2.3.4,IP:fd00::1,otherName:1.2.3;UTF8:hello,dirName:dir
      [dir]
      CN = foo
      """)
    let pem = try OpenSSL.run(
      "req", "-x509", "-newkey", "ed25519", "-nodes", "-keyout", "/dev/null", "-config", config, "-utf8",
      "-subj",
      "/C=DE/O=a\\, b \\+ c/OU=#x/emailAddress=a@b.c/DC=dc/UID=u/CN= y ", "-set_serial", "0xff01")
    let certificate = try #require(Certificate.all(pem: Array(pem.utf8)).first)
    #expect(
      try certificate.subjectAlternativeNames == [
        .dns("a.example"), .email("x@y.z"), .uri("https://a/"), .registered("1.2.3.4"),
        .ip([0xfd, 0] + [UInt8](repeating: 0, count: 13) + [1]),
        .other(type: "1.2.3", value: DER.value(0x0c, Array("hello".utf8))),
        .directory(DistinguishedName(commonName: "foo")),
      ])
    #expect(
      certificate.subject.description
        == "CN=\\ y\\ ,0.9.2342.19200300.100.1.1=u,DC=dc,E=a@b.c,OU=\\#x,O=a\\, b \\+ c,C=DE")
    #expect(certificate.serial == [0xff, 0x01])
    #expect(certificate.hasKnownSignatureAlgorithm)
  }

  @Test func aBrokenOneIsRefusedWhereverItIsBroken() throws {
    let key = try PrivateKey.generate(.p256)
    let good = try Self.authority("ca", key).der
    for count in 0..<good.count {
      #expect(throws: CryptographyError.self) { try Certificate(der: Array(good.prefix(count))) }
    }
    #expect(throws: CryptographyError.self) { try Certificate(der: good + [0]) }
    #expect(throws: CryptographyError.self) { try Certificate(der: good + good) }
    // A length that is not there, in all the ways of saying so.
    for length: [UInt8] in [
      [0x80], [0x84, 0x7f, 0xff, 0xff, 0xff], [0x88] + [UInt8](repeating: 0xff, count: 8), [0xff],
    ] {
      #expect(throws: CryptographyError.self) { try Certificate(der: [0x30] + length + good.dropFirst(4)) }
    }
    // The same certificate in BER: with a length of one byte more than it needs, and of no length at all.
    let count = [UInt8((good.count - 4) >> 8), UInt8(truncatingIfNeeded: good.count - 4)]
    #expect(throws: CryptographyError.self) {
      try Certificate(der: [0x30, 0x83, 0] + count + good.dropFirst(4))
    }
    #expect(throws: CryptographyError.self) {
      try Certificate(der: [0x30, 0x80] + good.dropFirst(4) + [0, 0])
    }
  }

  @Test func whatIsReadOfBrokenOnesNeverTraps() throws {
    let key = try PrivateKey.generate(.p256)
    let authority = try Self.authority(
      "ca", key, constraints: NameConstraints(permitted: [.dns("a")], excluded: []))
    let good = try Self.leaf("x", key.publicKey, by: authority, key, names: [.dns("a"), .ip([1, 2, 3, 4])])
      .der
    var generator = SystemRandomNumberGenerator()
    var readable = 0
    for _ in 0..<5_000 {
      var bytes = good
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      }
      guard let certificate = try? Certificate(der: bytes) else { continue }
      readable += 1
      #expect(certificate.der == bytes)
      _ = (
        certificate.subject.description, certificate.issuer.description,
        certificate.hasKnownSignatureAlgorithm
      )
      _ = (try? certificate.publicKey, try? certificate.basicConstraints, try? certificate.keyUsage)
      _ = (try? certificate.extendedKeyUsage, try? certificate.subjectAlternativeNames)
      _ = (try? certificate.subjectKeyIdentifier, try? certificate.nameConstraints)
      if bytes != good {
        #expect(!certificate.isSigned(by: key.publicKey) || bytes.dropLast(80) == good.dropLast(80))
      }
      try? certificate.verify(authorities: [authority], for: .client, at: Self.now)
    }
    #expect(readable > 100)
  }

  @Test func aTextHoldsSeveralAndOtherThings() throws {
    let key = try PrivateKey.generate(.p256)
    let one = try Self.authority("one", key)
    let two = try Self.authority("two", key)
    let secret = try PEM.secret("PRIVATE KEY", key.der()).withUnsafeBytes {
      String(decoding: $0, as: UTF8.self)
    }
    let text =
      "a comment\n\(try one.pem())\(secret)\r\n\(try two.pem().replacing("\n", with: "\r\n"))trailing words"
    #expect(try Certificate.all(pem: Array(text.utf8)) == [one, two])
    #expect(try Certificate.all(pem: []).isEmpty)
    let broken = try one.pem().replacing("-----END CERTIFICATE-----", with: "")
    let error = #expect(throws: CryptographyError.self) { try Certificate.all(pem: Array(broken.utf8)) }
    #expect(error?.description.contains("MII") == false)
  }
}
