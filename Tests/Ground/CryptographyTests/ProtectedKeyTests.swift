import Cryptography
import TestSupport
import Testing

@Suite(.enabled(if: OpenSSL.isInstalled, OpenSSL.isMissing))
final class ProtectedKeyTests: FolderSuite {
  private let word = "correct horse b\u{e4}ttery"

  private var passphrase: SecretBytes { get throws { try SecretBytes(Array(word.utf8)) } }

  @Test(arguments: KeyTests.kinds) func opensslReadsWhatIsProtectedHere(kind: KeyKind) throws {
    let key = try PrivateKey.generate(kind)
    let protected = try ProtectedKey(key, passphrase: passphrase)
    let path = try file("key.pem", protected.pem())
    let word = try file("word", word)
    try OpenSSL.run(
      "pkey", "-in", path, "-passin", "file:\(word)", "-pubout", "-outform", "DER", "-out",
      self.path("public"))
    #expect(try bytes("public") == key.publicKey.subjectPublicKeyInfo)
    let parameters = try OpenSSL.run("asn1parse", "-in", path)
    for name in ["PBES2", "PBKDF2", "hmacWithSHA256", "aes-256-cbc", ":0927C0"] {
      #expect(parameters.contains(name))
    }
    let again = try ProtectedKey(der: protected.der)
    #expect(try again.key(passphrase: passphrase).publicKey == key.publicKey)
    #expect(throws: CryptographyError.self) { try again.key(passphrase: SecretBytes([1])) }
  }

  static let protections: [[String]] = [
    [], ["-v2", "aes-128-cbc"], ["-v2", "aes-192-cbc"], ["-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA1"],
    ["-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA384"], ["-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA512"],
    ["-iter", "100000"], ["-scrypt"], ["-scrypt", "-scrypt_N", "1024", "-scrypt_r", "16", "-scrypt_p", "4"],
  ]

  @Test(arguments: protections.indices) func readsWhatOpensslProtects(kind: Int) throws {
    let key = try PrivateKey.generate(.p384)
    let plain = try file("plain.der", key.der().withUnsafeBytes { Array($0) })
    try OpenSSL.run(
      ["pkcs8", "-topk8", "-inform", "DER", "-in", plain, "-outform", "DER", "-out", path("key.der")]
        + ["-passout", "file:\(file("word", word))"] + Self.protections[kind])
    let again = try ProtectedKey(der: bytes("key.der")).key(passphrase: passphrase)
    #expect(again.publicKey == key.publicKey)
  }

  @Test(arguments: [["-v2", "des3"], ["-v1", "PBE-SHA1-3DES"], ["-v2", "aes-256-ofb"]])
  func refusesOtherWaysOfProtection(options: [String]) throws {
    let plain = try file("plain.der", PrivateKey.generate(.p256).der().withUnsafeBytes { Array($0) })
    try OpenSSL.run(
      ["pkcs8", "-topk8", "-inform", "DER", "-in", plain, "-outform", "DER", "-out", path("key.der")]
        + ["-passout", "pass:x"] + options)
    #expect(throws: CryptographyError.self) { try ProtectedKey(der: bytes("key.der")) }
  }

  /// Numbers that would take minutes or gigabytes.
  @Test func refusesCostsThatNobodyAskedFor() throws {
    func key(_ derivation: [UInt8]) throws -> [UInt8] {
      let pbes2 = try #require(DER.objectIdentifier("1.2.840.113549.1.5.13"))
      let aes = try #require(DER.objectIdentifier("2.16.840.1.101.3.4.1.42"))
      let cipher = DER.sequence(aes, DER.octets([UInt8](repeating: 1, count: 16)))
      return DER.sequence(
        DER.sequence(pbes2, DER.sequence(derivation, cipher)), DER.octets([UInt8](repeating: 2, count: 32)))
    }
    func number(_ value: UInt64) -> [UInt8] {
      DER.integer(withUnsafeBytes(of: value.bigEndian) { Array($0) })
    }
    let pbkdf2 = try #require(DER.objectIdentifier("1.2.840.113549.1.5.12"))
    let scrypt = try #require(DER.objectIdentifier("1.3.6.1.4.1.11591.4.11"))
    let salt = DER.octets([1, 2, 3])
    #expect(throws: Never.self) {
      try ProtectedKey(der: key(DER.sequence(pbkdf2, DER.sequence(salt, number(3_000_000)))))
    }
    for rounds: UInt64 in [0, 3_000_001, 1 << 31, .max] {
      #expect(throws: CryptographyError.self) {
        try ProtectedKey(der: key(DER.sequence(pbkdf2, DER.sequence(salt, number(rounds)))))
      }
    }
    func costs(_ cost: UInt64, _ blockSize: UInt64, _ parallelism: UInt64) throws -> ProtectedKey {
      let numbers = DER.sequence(salt, number(cost), number(blockSize), number(parallelism))
      return try ProtectedKey(der: key(DER.sequence(scrypt, numbers)))
    }
    #expect(throws: Never.self) { try costs(1 << 15, 8, 1) }
    for (cost, blockSize, parallelism): (UInt64, UInt64, UInt64) in [
      (0, 8, 1), (1, 8, 1), (1 << 21, 8, 1), (1 << 20, 8, 1), (16, 0, 1), (16, 33, 1), (16, 8, 0),
      (16, 8, 17),
      (.max, .max, .max),
    ] {
      #expect(throws: CryptographyError.self) { try costs(cost, blockSize, parallelism) }
    }
    // Three is no power of two, which shows when the key is derived.
    #expect(throws: CryptographyError.self) { try costs(3, 8, 1).key(passphrase: passphrase) }
  }

  @Test func aBrokenOneIsRefusedWhereverItIsBroken() throws {
    let good = try ProtectedKey(PrivateKey.generate(.p256), passphrase: passphrase).der
    for count in 0..<good.count {
      #expect(throws: CryptographyError.self) { try ProtectedKey(der: Array(good.prefix(count))) }
    }
    #expect(throws: CryptographyError.self) { try ProtectedKey(der: good + [0]) }
    var short = good
    short[short.count - 1] ^= 1
    #expect(throws: CryptographyError.self) { try ProtectedKey(der: short).key(passphrase: passphrase) }
  }
}
