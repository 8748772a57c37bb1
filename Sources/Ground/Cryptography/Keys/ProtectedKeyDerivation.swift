internal import COpenSSL

extension ProtectedKey {
  /// How the encryption key is derived from a passphrase.
  enum Derivation: Sendable {
    case pbkdf2(salt: [UInt8], rounds: Int, hash: Hash)
    case scrypt(salt: [UInt8], cost: Int, blockSize: Int, parallelism: Int)

    static let mostRounds = 3_000_000
    /// In bytes. OpenSSL's own limit is 32 MiB by default.
    static let mostMemory = 1 << 28

    enum Hash: Sendable {
      case sha1, sha256, sha384, sha512

      /// - Parameter hmac: the NID of the HMAC.
      init?(hmac: Int32) {
        switch hmac {
        case NID_hmacWithSHA1: self = .sha1
        case NID_hmacWithSHA256: self = .sha256
        case NID_hmacWithSHA384: self = .sha384
        case NID_hmacWithSHA512: self = .sha512
        default: return nil
        }
      }

      var function: OpaquePointer? {
        switch self {
        case .sha1: EVP_sha1()
        case .sha256: EVP_sha256()
        case .sha384: EVP_sha384()
        case .sha512: EVP_sha512()
        }
      }
    }

    /// How little a passphrase is protected against guessing; nil if it is protected well.
    var weakness: ProtectedKey.Weakness? {
      switch self {
      case .pbkdf2(_, let rounds, _):
        rounds < 1_000
          ? .guessable("PBKDF2 with \(rounds) rounds")
          : rounds < 100_000 ? .weak("PBKDF2 with \(rounds) rounds") : nil
      case .scrypt(_, let cost, let blockSize, _):
        128 * cost * blockSize < 1 << 20 ? .guessable("scrypt with less than 1 MiB") : nil
      }
    }

    func key(from passphrase: SecretBytes, count: Int) throws(CryptographyError) -> SecretBytes {
      try SecretBytes(count: count) { (key) throws(CryptographyError) in
        try passphrase.withUnsafeBytes { (secret) throws(CryptographyError) in
          try fill(key, from: secret)
        }
      }
    }

    private func fill(
      _ key: UnsafeMutableRawBufferPointer, from secret: UnsafeRawBufferPointer
    ) throws(CryptographyError) {
      Calls.begin()
      let operation = "derive a key from a passphrase"
      let characters = secret.baseAddress?.assumingMemoryBound(to: CChar.self)
      let bytes = key.baseAddress?.assumingMemoryBound(to: UInt8.self)
      switch self {
      case .pbkdf2(let salt, let rounds, let hash):
        try check(
          PKCS5_PBKDF2_HMAC(
            characters, count32(secret.count, operation), salt, count32(salt.count, operation), Int32(rounds),
            hash.function, Int32(key.count), bytes), operation)
      case .scrypt(let salt, let cost, let blockSize, let parallelism):
        try check(
          EVP_PBE_scrypt(
            characters, secret.count, salt, salt.count, UInt64(cost), UInt64(blockSize), UInt64(parallelism),
            UInt64(2 * Self.mostMemory), bytes, key.count), operation)
      }
    }
  }

  /// AES in CBC mode.
  struct Cipher: Sendable {
    let keyCount: Int
    let initializationVector: [UInt8]

    private var function: OpaquePointer? {
      switch keyCount {
      case 16: EVP_aes_128_cbc()
      case 24: EVP_aes_192_cbc()
      default: EVP_aes_256_cbc()
      }
    }

    func open(_ ciphertext: [UInt8], key: SecretBytes) throws(CryptographyError) -> SecretBytes {
      Calls.begin()
      let operation = "open a protected key"
      let context = try Owned(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free, operation)
      try key.withUnsafeBytes { (key) throws(CryptographyError) in
        let bytes = key.baseAddress?.assumingMemoryBound(to: UInt8.self)
        try check(EVP_DecryptInit_ex(context.pointer, function, nil, bytes, initializationVector), operation)
      }
      var total = 0
      let count = try count32(ciphertext.count, operation)
      let padded = try SecretBytes(count: ciphertext.count + 16) { (plain) throws(CryptographyError) in
        let start = plain.baseAddress?.assumingMemoryBound(to: UInt8.self)
        var written: Int32 = 0
        try check(EVP_DecryptUpdate(context.pointer, start, &written, ciphertext, count), operation)
        total = Int(written)
        try check(EVP_DecryptFinal_ex(context.pointer, start.map { $0 + total }, &written), operation)
        total += Int(written)
      }
      return try padded.withUnsafeBytes { (plain) throws(CryptographyError) in
        try SecretBytes(copying: UnsafeRawBufferPointer(rebasing: plain.prefix(total)))
      }
    }
  }
}
