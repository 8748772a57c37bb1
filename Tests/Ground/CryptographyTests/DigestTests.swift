import Cryptography
import Testing
import Text

/// Against the examples of the standards.
@Suite struct DigestTests {
  @Test func sha256OfKnownTexts() {
    // FIPS 180-4's examples.
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    #expect(SHA256.hash(Array("abc".utf8)).hexadecimal == abc)
    #expect(
      SHA256.hash([]).hexadecimal == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    var million = SHA256()
    for _ in 0..<1_000 { million.update([UInt8](repeating: UInt8(ascii: "a"), count: 1_000)) }
    #expect(
      million.digest().hexadecimal == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  @Test func piecesGiveTheDigestOfTheWholeAndMoreMayFollow() {
    let bytes = (0..<300).map { UInt8(truncatingIfNeeded: $0) }
    var digest = SHA256()
    for (index, byte) in bytes.enumerated() {
      #expect(digest.digest() == SHA256.hash(Array(bytes.prefix(index))))
      digest.update([byte])
      digest.update([])
    }
    #expect(digest.digest() == SHA256.hash(bytes))
  }

  /// RFC 4231, test cases 1, 2, 6.
  @Test(arguments: [
    (
      [UInt8](repeating: 0x0b, count: 20), "Hi There",
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
    ),
    (
      Array("Jefe".utf8), "what do ya want for nothing?",
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    ),
    (
      [UInt8](repeating: 0xaa, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First",
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
    ),
  ])
  func hmac(key: [UInt8], text: String, code: String) throws {
    #expect(try HMACSHA256.code(of: Array(text.utf8), key: key).hexadecimal == code)
  }

  @Test func hmacWithoutKeyAndWithoutBytes() throws {
    #expect(
      try HMACSHA256.code(of: [], key: []).hexadecimal
        == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
    _ = try HMACSHA256.code(of: [1], key: [1])
    #expect(
      try HMACSHA256.code(of: [], key: []).hexadecimal
        == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
  }

  /// RFC 7914, section 12.
  @Test func scrypt() throws {
    #expect(
      try Scrypt.key(from: [], salt: [], cost: 16, blockSize: 1, parallelism: 1, count: 64)
        == hex(
          """
          77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442
          fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906
          """))
    #expect(
      try Scrypt.key(
        from: Array("password".utf8), salt: Array("NaCl".utf8), cost: 1024, blockSize: 8, parallelism: 16,
        count: 64)
        == hex(
          """
          fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162
          2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640
          """))
    // More than the 32 MiB that OpenSSL allows by itself.
    #expect(
      try Scrypt.key(from: [1], salt: [2], cost: 1 << 15, blockSize: 8, parallelism: 3, count: 32).count == 32
    )
  }

  @Test(arguments: [
    (0, 8, 1), (1, 8, 1), (3, 8, 1), (-2, 8, 1), (1 << 20, 0, 1), (16, 8, 0), (1 << 40, 1 << 40, 1),
    (.max, .max, .max), (16, 8, .max),
  ])
  func scryptRefusesImpossibleCosts(cost: Int, blockSize: Int, parallelism: Int) {
    #expect(throws: CryptographyError.self) {
      try Scrypt.key(
        from: [1], salt: [1], cost: cost, blockSize: blockSize, parallelism: parallelism, count: 32)
    }
  }

  @Test func comparison() {
    #expect(isSameInConstantTime([], []))
    #expect(isSameInConstantTime([1, 2, 3], [1, 2, 3]))
    #expect(!isSameInConstantTime([1, 2, 3], [1, 2, 4]))
    #expect(!isSameInConstantTime([1, 2, 3], [1, 2]))
  }

  @Test func randomBytesAreNeverTheSame() throws {
    #expect(try Randomness.bytes(0).isEmpty)
    #expect(try Set((0..<100).map { _ in try Randomness.bytes(16) }).count == 100)
  }
}
