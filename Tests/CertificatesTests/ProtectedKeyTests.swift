import Foundation
import TestSupport
import Testing

@testable import Certificates

@Suite(.enabled(if: OpenSSL.isInstalled, OpenSSL.isMissing))
final class ProtectedKeyTests: TemporaryDirectorySuite {
  let now = Date()
  private let passphrase = "correct horse b\u{e4}ttery"

  private var source: PassphraseSource {
    let passphrase = passphrase
    return { _ in try Passphrase(Array(passphrase.utf8)) }
  }

  @Test(arguments: KeyAlgorithm.allCases) func opensslReadsEncryptedKeys(kind: KeyAlgorithm) throws {
    let authority = try Authority.create(name: "ca", lifetime: .days(9), now: now, key: kind)
    try authority.save(to: directory, passphrase: Passphrase(Array(passphrase.utf8)))
    let key = directory + "/ca.key"
    #expect(try text("ca.key").hasPrefix("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"))
    #expect(mode(of: key) == 0o600)
    let word = try file("word", passphrase)
    #expect(
      try OpenSSL.run("pkey", "-in", key, "-passin", "file:\(word)", "-noout", "-check").contains("valid"))
    #expect(
      try OpenSSL.run("pkey", "-in", key, "-passin", "file:\(word)", "-pubout")
        == OpenSSL.run("x509", "-in", directory + "/ca.crt", "-noout", "-pubkey"))
    let parameters = try OpenSSL.run("asn1parse", "-in", key)
    for name in ["PBES2", "PBKDF2", "hmacWithSHA256", "aes-256-cbc"] { #expect(parameters.contains(name)) }

    let loaded = try Authority.load(directory, now: now, passphrase: source)
    #expect(try loaded.key.secretPEM() == authority.key.secretPEM())
  }

  @Test func asksForAPassphraseOnlyIfTheKeyIsEncrypted() throws {
    let authority = try Authority.forTests(now: now)
    try authority.save(to: directory + "/open")
    #expect(throws: Never.self) {
      try Authority.load(directory + "/open", now: now) { _ in throw CancellationError() }
    }
    try authority.save(to: directory + "/shut", passphrase: Passphrase([1, 2, 3]))
    let needed = #expect(throws: CertificatesError.self) { try Authority.load(directory + "/shut", now: now) }
    #expect(message(needed).contains("protected by a passphrase"))
    let wrong = #expect(throws: CertificatesError.self) {
      try Authority.load(directory + "/shut", now: now, passphrase: source)
    }
    #expect(message(wrong).contains("is wrong"))
    #expect(throws: CertificatesError.self) { try Passphrase([]) }
  }

  static let protections: [[String]] = [
    [], ["-v2", "aes-128-cbc"], ["-v2", "aes-192-cbc"], ["-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA1"],
    ["-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA384"], ["-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA512"],
    ["-iter", "100000"], ["-scrypt"],
  ]

  @Test(arguments: protections.indices) func readsKeysThatOpensslEncrypted(kind: Int) throws {
    let plain = try file("plain.key", PrivateKey.generate(.p384).secretPEM())
    let word = try file("word", passphrase)
    let options = Self.protections[kind]
    try OpenSSL.run(
      ["pkcs8", "-topk8", "-in", plain, "-out", directory + "/shut.key", "-passout", "file:\(word)"] + options
    )
    let key = try PrivateKey(pem: text("shut.key"), passphrase: source)
    #expect(try key.secretPEM() == PrivateKey(pem: text("plain.key")).secretPEM())
  }

  @Test func refusesUnknownEncryptionsAndDamagedKeys() throws {
    let plain = try file("plain.key", PrivateKey.generate().secretPEM())
    let shut = directory + "/shut.key"
    try OpenSSL.run("pkcs8", "-topk8", "-in", plain, "-out", shut, "-passout", "pass:x", "-v2", "des3")
    let error = #expect(throws: CertificatesError.self) {
      try PrivateKey(pem: text("shut.key"), passphrase: source)
    }
    #expect(message(error).contains("in an unknown way"))

    let good = try #require(
      bytes(ofPEM: PrivateKey.generate().secretPEM(protectedBy: Passphrase([7]))))
    // The first bytes are the parameters; a changed number of rounds must not cost minutes.
    for position in stride(from: 0, to: 100, by: 4) {
      var bytes = good
      bytes[position] ^= 0x41
      let base64 = Data(bytes).base64EncodedString()
      let pem =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\n\(base64.wrapped)\n-----END ENCRYPTED PRIVATE KEY-----\n"
      #expect(throws: CertificatesError.self) {
        try PrivateKey(pem: pem) { _ in try Passphrase([8]) }
      }
    }
  }

  @Test func aPassphraseIsNeverPrinted() throws {
    let passphrase = try Passphrase(Array("correct horse".utf8))
    var dumped = ""
    dump(passphrase, to: &dumped)
    let printed = "\(passphrase) \(String(reflecting: passphrase)) \(dumped)"
    #expect(!printed.contains("horse"))
    #expect(!printed.contains("\(Array("correct".utf8)[0]), "))
  }
}

extension String {
  fileprivate var wrapped: String {
    stride(from: 0, to: count, by: 64).map { String(dropFirst($0).prefix(64)) }.joined(separator: "\n")
  }
}
