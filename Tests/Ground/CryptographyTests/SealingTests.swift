import Cryptography
import Testing
import Text

@Suite struct SealingTests {
  private let key = [UInt8](repeating: 7, count: 32)
  private let nonce = [UInt8](repeating: 9, count: 12)

  /// The Galois/Counter Mode of Operation (McGrew, Viega), appendix B, test cases 13, 14 and 16.
  @Test func knownTexts() throws {
    let zeros = [UInt8](repeating: 0, count: 32)
    let nonce = [UInt8](repeating: 0, count: 12)
    #expect(
      try AES256GCM.seal([], key: zeros, nonce: nonce).hexadecimal == "530f8afbc74536b9a963b4f1c4cb738b")
    #expect(
      try AES256GCM.seal([UInt8](repeating: 0, count: 16), key: zeros, nonce: nonce).hexadecimal
        == "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919")
    let sealed = try AES256GCM.seal(
      hex(
        """
        d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72
        1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39
        """),
      key: hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"),
      nonce: hex("cafebabefacedbaddecaf888"), additional: hex("feedfacedeadbeeffeedfacedeadbeefabaddad2"))
    #expect(
      sealed
        == hex(
          """
          522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa
          8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662
          76fc6ece0f4e1768cddf8853bb2d551b
          """))
  }

  @Test func opensWhatWasSealedAndNothingElse() throws {
    for count in [0, 1, 15, 16, 17, 1000] {
      let plain = try Randomness.bytes(count)
      let sealed = try AES256GCM.seal(plain, key: key, nonce: nonce, additional: [1, 2])
      #expect(sealed.count == count + AES256GCM.tagCount)
      #expect(try AES256GCM.open(sealed, key: key, nonce: nonce, additional: [1, 2]) == plain)
      for index in stride(from: 0, to: sealed.count, by: 5) {
        var changed = sealed
        changed[index] ^= 0x80
        #expect(throws: CryptographyError.self) {
          try AES256GCM.open(changed, key: key, nonce: nonce, additional: [1, 2])
        }
      }
      #expect(throws: CryptographyError.self) { try AES256GCM.open(sealed, key: key, nonce: nonce) }
      #expect(throws: CryptographyError.self) {
        try AES256GCM.open(
          sealed, key: nonce + nonce + [UInt8](repeating: 0, count: 8), nonce: nonce, additional: [1, 2])
      }
      #expect(throws: CryptographyError.self) {
        try AES256GCM.open(Array(sealed.dropLast()), key: key, nonce: nonce, additional: [1, 2])
      }
    }
  }

  @Test func refusesOtherLengths() {
    for (key, nonce) in [
      ([], self.nonce), (Array(key.dropLast()), self.nonce), (key, []), (key, self.nonce + [0]),
    ] {
      #expect(throws: CryptographyError.self) { try AES256GCM.seal([1], key: key, nonce: nonce) }
      #expect(throws: CryptographyError.self) {
        try AES256GCM.open([UInt8](repeating: 0, count: 20), key: key, nonce: nonce)
      }
    }
    #expect(throws: CryptographyError.self) { try AES256GCM.open([1, 2, 3], key: key, nonce: nonce) }
  }
}
