import Foundation
import TestSupport
import Testing

@testable import Certificates

/// Imports authorities that `openssl` made.
@Suite(.enabled(if: OpenSSL.isInstalled, OpenSSL.isMissing))
final class ImportTests: TemporaryDirectorySuite {
  /// The current time: a certificate of openssl is valid from the second in which it was made.
  private var now: Date { Date() }

  /// The forms in which `openssl` writes keys: SEC1 after its curve, SEC1 alone, PKCS#8, PKCS#1, and RSA and
  /// Ed25519 in PKCS#8.
  static let keys: [[String]] = [
    ["ecparam", "-name", "prime256v1", "-genkey"],
    ["ecparam", "-name", "prime256v1", "-genkey", "-noout"],
    ["ecparam", "-name", "secp384r1", "-genkey", "-noout"],
    ["ecparam", "-name", "secp521r1", "-genkey", "-noout"],
    ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    ["genpkey", "-algorithm", "ED25519"],
    ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    ["genrsa", "-traditional", "2048"],
  ]

  private func makeKey(_ name: String = "ca.key", _ command: [String] = keys[4]) throws -> String {
    let path = "\(directory)/\(name)"
    try OpenSSL.run(command.prefix(1) + ["-out", path] + command.dropFirst())
    return path
  }

  /// Makes a self-signed certificate with the given extensions.
  private func makeCertificate(
    key: String, days: String = "30", subject: String = "/CN=etcd-ca", extensions: [String]
  ) throws -> String {
    let config = try file(
      "openssl.cnf",
      """
      [req]
      distinguished_name = dn
      x509_extensions = v3
      [dn]
      [v3]
      subjectKeyIdentifier = hash
      \(extensions.joined(separator: "\n"))
      """)
    return try OpenSSL.run(
      "req", "-x509", "-new", "-key", key, "-days", days, "-subj", subject, "-config", config)
  }

  private let authorityExtensions = [
    "basicConstraints = critical,CA:TRUE", "keyUsage = critical,keyCertSign,cRLSign",
  ]

  @Test(arguments: keys.indices) func importsEachKindOfKey(kind: Int) throws {
    let key = try makeKey("ca.key", Self.keys[kind])
    let certificate = try makeCertificate(key: key, extensions: authorityExtensions)
    let authority = try Authority.importing(certificatePEM: certificate, keyPEM: text("ca.key"), now: now)
    let credential = try authority.issue(client: "alice", lifetime: .days(1), now: now)
    let ca = try file("ca.crt", certificate)
    let leaf = try file("alice.crt", credential.certificatePEM)
    #expect(
      try OpenSSL.run("verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", ca, leaf).contains(": OK")
    )

    try authority.save(to: directory + "/saved")
    #expect(try Authority.load(directory + "/saved", now: now).facts == authority.facts)
  }

  @Test func readsPEMWithOtherTextAndWindowsLineEnds() throws {
    let key = try makeKey()
    let certificate = try makeCertificate(key: key, extensions: authorityExtensions)
    let verbose = try OpenSSL.run("x509", "-in", file("ca.crt", certificate), "-text")
    let windows = verbose.replacingOccurrences(of: "\n", with: "\r\n")
    #expect(throws: Never.self) {
      try Authority.importing(certificatePEM: windows, keyPEM: "a comment\n" + text("ca.key"), now: now)
    }
  }

  @Test func importsAnAuthorityWithoutKeyUsage() throws {
    let key = try makeKey()
    let certificate = try makeCertificate(key: key, extensions: ["basicConstraints = CA:TRUE"])
    #expect(throws: Never.self) {
      try Authority.importing(certificatePEM: certificate, keyPEM: text("ca.key"), now: now)
    }
  }

  @Test func importsAnIntermediateWhoseCertificatesVerifyThroughTheRoot() throws {
    let root = try makeKey("root.key")
    let rootCertificate = try file(
      "root.crt",
      makeCertificate(key: root, subject: "/O=example/CN=root ca", extensions: authorityExtensions))
    let key = try makeKey()
    let extensions = try file("ext", "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=keyCertSign\n")
    try OpenSSL.run("req", "-new", "-key", key, "-subj", "/CN=bulkhead", "-out", directory + "/ca.csr")
    try OpenSSL.run(
      "x509", "-req", "-in", directory + "/ca.csr", "-CA", rootCertificate, "-CAkey", root, "-CAcreateserial",
      "-days",
      "20", "-extfile", extensions, "-out", directory + "/ca.crt")
    let authority = try Authority.importing(certificatePEM: text("ca.crt"), keyPEM: text("ca.key"), now: now)
    let leaf = try file(
      "leaf.crt", authority.issue(client: "alice", lifetime: .days(9), now: now).certificatePEM)
    let verdict = try OpenSSL.run(
      "verify", "-purpose", "sslclient", "-CAfile", rootCertificate, "-untrusted", directory + "/ca.crt", leaf
    )
    #expect(verdict.contains(": OK"))
  }

  private func refusal(certificate: String, key: String) -> String {
    message(
      #expect(throws: CertificatesError.self) {
        try Authority.importing(
          certificatePEM: certificate, keyPEM: key, now: now, source: "the authority in pki")
      })
  }

  @Test func refusesAKeyOfAnotherCertificate() throws {
    let certificate = try makeCertificate(key: makeKey(), extensions: authorityExtensions)
    _ = try makeKey("other.key")
    #expect(
      try refusal(certificate: certificate, key: text("other.key"))
        == "the private key of the authority in pki does not belong to its certificate")
  }

  @Test func refusesOtherCertificates() throws {
    let key = try makeKey()
    for extensions in [["basicConstraints = CA:FALSE"], ["keyUsage = keyCertSign"]] {
      let certificate = try makeCertificate(key: key, extensions: extensions)
      #expect(try refusal(certificate: certificate, key: text("ca.key")).contains("basicConstraints"))
    }
    let certificate = try makeCertificate(
      key: key, extensions: ["basicConstraints = CA:TRUE", "keyUsage = cRLSign"])
    #expect(try refusal(certificate: certificate, key: text("ca.key")).contains("keyCertSign"))
  }

  @Test func refusesAnExpiredOrNotYetValidAuthority() throws {
    for (start, word) in [(now - .days(2), "expired on"), (now + .days(2), "is not valid before")] {
      let authority = try Authority.create(name: "ca", lifetime: .days(1), now: start)
      #expect(
        try refusal(certificate: authority.certificatePEM, key: authority.key.secretPEM()).contains(word))
    }
  }

  @Test func refusesSeveralCertificates() throws {
    let authority = try Authority.forTests(now: now)
    let two = try authority.certificatePEM + Authority.forTests(now: now).certificatePEM
    #expect(try refusal(certificate: two, key: authority.key.secretPEM()).contains("2 certificates"))
  }

  @Test func refusesEncryptedKeysInTheOldAndNewForm() throws {
    let key = try makeKey()
    let certificate = try makeCertificate(key: key, extensions: authorityExtensions)
    try OpenSSL.run("pkcs8", "-topk8", "-in", key, "-passout", "pass:x", "-out", directory + "/new.key")
    try OpenSSL.run("ec", "-in", key, "-aes256", "-passout", "pass:x", "-out", directory + "/old.key")
    for name in ["new.key", "old.key"] {
      #expect(try refusal(certificate: certificate, key: text(name)).contains("passphrase"))
    }
  }

  @Test func refusesUnsupportedKeys() throws {
    let certificate = try Authority.forTests(now: now).certificatePEM
    try OpenSSL.run("ecparam", "-name", "secp224r1", "-genkey", "-noout", "-out", directory + "/p224.key")
    try OpenSSL.run("genrsa", "-out", directory + "/rsa1024.key", "1024")
    for name in ["p224.key", "rsa1024.key"] {
      #expect(try refusal(certificate: certificate, key: text(name)).contains("of an unknown kind"))
    }
    #expect(refusal(certificate: certificate, key: certificate).contains("no private key"))
    #expect(refusal(certificate: "", key: "").contains("no certificate"))
  }
}
