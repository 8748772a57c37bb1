import Cryptography
import Testing

/// What is trusted, and what is not, and in which words.
@Suite struct VerificationTests {
  private let now = CertificateTests.now
  private let rootKey: PrivateKey
  private let root: Certificate

  init() throws {
    rootKey = try PrivateKey.generate(.p256)
    root = try CertificateTests.authority("root", rootKey, pathLength: nil)
  }

  private func refusal(_ body: () throws -> Void) -> String {
    (#expect(throws: CryptographyError.self) { try body() })?.entries.first?.words ?? ""
  }

  @Test func aLeafOfTheAuthorityIsTrustedForItsPurposeAndTime() throws {
    let leaf = try CertificateTests.leaf("x", rootKey.publicKey, by: root, rootKey)
    for certificate in [leaf, try Certificate(der: leaf.der)] {
      try certificate.verify(authorities: [root], for: .client, at: now)
      #expect(
        refusal { try certificate.verify(authorities: [root], for: .server, at: now) }
          .contains("certificate purpose"))
      #expect(
        refusal { try certificate.verify(authorities: [root], for: .client, at: now - 1) }
          .contains("not yet valid"))
      #expect(
        refusal { try certificate.verify(authorities: [root], for: .client, at: now + 3_601) }.contains(
          "expired"))
      #expect(refusal { try certificate.verify(authorities: [], for: .client, at: now) }.contains("issuer"))
    }
  }

  @Test func anAuthorityOfTheSameNameIsAnother() throws {
    let leaf = try CertificateTests.leaf("x", rootKey.publicKey, by: root, rootKey)
    let other = try CertificateTests.authority("root", PrivateKey.generate(.p256))
    #expect(throws: CryptographyError.self) { try leaf.verify(authorities: [other], for: .client, at: now) }
    try leaf.verify(authorities: [other, root], for: .client, at: now)
  }

  @Test func aChainIsFollowedAndAnIntermediateMayBeTheAuthority() throws {
    let key = try PrivateKey.generate(.p384)
    let intermediate = try Certificate(
      CertificateTemplate(
        serial: [2], subject: DistinguishedName(commonName: "intermediate"), publicKey: key.publicKey,
        notBefore: now, notAfter: now + 3_600,
        extensions: [
          .basicConstraints(BasicConstraints(isAuthority: true, pathLength: 0)), .keyUsage([.keyCertSign]),
          .subjectKeyIdentifier(try key.publicKey.identifier),
        ]), issuer: root.subject, key: rootKey)
    let leaf = try CertificateTests.leaf("x", rootKey.publicKey, by: intermediate, key)
    try leaf.verify(with: [intermediate], authorities: [root], for: .client, at: now)
    try leaf.verify(authorities: [intermediate], for: .client, at: now)
    #expect(throws: CryptographyError.self) { try leaf.verify(authorities: [root], for: .client, at: now) }
    // Its path length is 0: it signs no further authority.
    let below = try CertificateTests.leaf("y", rootKey.publicKey, by: leaf, rootKey)
    #expect(throws: CryptographyError.self) {
      try below.verify(with: [leaf, intermediate], authorities: [root], for: .client, at: now)
    }
  }

  @Test func hostsAreCheckedByNameAndByAddress() throws {
    let names: [GeneralName] = [.dns("a.example.org"), .dns("*.b.example.org"), .ip([10, 0, 0, 1])]
    let leaf = try CertificateTests.leaf(
      "c.example.org", rootKey.publicKey, by: root, rootKey, usages: [ExtendedKeyUsage.serverAuth],
      names: names)
    for host: GeneralName in [
      .dns("a.example.org"), .dns("A.example.org"), .dns("x.b.example.org"), .ip([10, 0, 0, 1]),
    ] {
      try leaf.verify(authorities: [root], for: .server, at: now, host: host)
    }
    for host: GeneralName in [
      .dns("c.example.org"), .dns("b.example.org"), .dns("x.y.b.example.org"), .dns("10.0.0.1"),
      .ip([10, 0, 0, 2]),
      .dns(""), .dns("a.example.org\0.evil"), .ip([1]), .email("a@b"),
    ] {
      #expect(throws: CryptographyError.self, "\(host)") {
        try leaf.verify(authorities: [root], for: .server, at: now, host: host)
      }
    }
  }

  @Test func nameConstraintsHold() throws {
    let key = try PrivateKey.generate(.p256)
    let authority = try CertificateTests.authority(
      "limited", key, constraints: NameConstraints(permitted: [.dns("example.org")], excluded: []))
    for (name, isAllowed) in [("a.example.org", true), ("example.org", true), ("a.example.com", false)] {
      let leaf = try CertificateTests.leaf(
        "x", key.publicKey, by: authority, key, usages: [ExtendedKeyUsage.serverAuth], names: [.dns(name)])
      if isAllowed {
        try leaf.verify(authorities: [authority], for: .server, at: now)
      } else {
        #expect(
          refusal { try leaf.verify(authorities: [authority], for: .server, at: now) }.contains("permitted"))
      }
    }
  }

  @Test func whatIsRevokedIsNotTrusted() throws {
    let good = try CertificateTests.leaf("x", rootKey.publicKey, by: root, rootKey, serial: [7])
    let revoked = try CertificateTests.leaf("y", rootKey.publicKey, by: root, rootKey, serial: [8])
    let list = try RevocationList(
      issuer: root.subject, thisUpdate: now, nextUpdate: now + 60,
      entries: [.init(serial: [8], date: now, reason: 1)], extensions: [.listNumber(1)], key: rootKey)
    try good.verify(authorities: [root], lists: [list], for: .client, at: now)
    #expect(
      refusal { try revoked.verify(authorities: [root], lists: [list], for: .client, at: now) }
        == "certificate revoked")
    #expect(
      refusal { try good.verify(authorities: [root], lists: [list], for: .client, at: now + 61) }
        .contains("CRL has expired"))
    let forged = try RevocationList(
      issuer: root.subject, thisUpdate: now, nextUpdate: now + 60, entries: [], extensions: [.listNumber(2)],
      key: PrivateKey.generate(.p256))
    #expect(throws: CryptographyError.self) {
      try revoked.verify(authorities: [root], lists: [forged], for: .client, at: now)
    }
  }

  @Test func manyThreadsVerifyWithTheSameObjects() async throws {
    let (now, root) = (now, root)
    let leaf = try CertificateTests.leaf("x", rootKey.publicKey, by: root, rootKey)
    let list = try RevocationList(
      issuer: root.subject, thisUpdate: now, nextUpdate: now + 60,
      entries: (1..<200).reversed().map { .init(serial: [100, UInt8($0)], date: now, reason: nil) },
      extensions: [.listNumber(1)], key: rootKey)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<50 {
            try leaf.verify(authorities: [root], lists: [list], for: .client, at: now)
            let key = try leaf.publicKey
            #expect(key == (try root.publicKey))
            #expect(list.entries.count == 199)
          }
        }
      }
      try await group.waitForAll()
    }
  }
}
