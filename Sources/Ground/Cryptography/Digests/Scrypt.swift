internal import COpenSSL

/// scrypt (RFC 7914): derives a key from a password, at a configurable cost in time and memory.
package enum Scrypt {
  /// Derives a key.
  /// - Parameters:
  ///   - cost: N, a power of two. The memory needed is `128 * cost * blockSize` bytes.
  ///   - blockSize: r.
  ///   - parallelism: p.
  ///   - count: length of the key in bytes.
  /// - Throws: ``CryptographyError`` if a parameter is invalid or memory is exhausted.
  package static func key(
    from password: [UInt8], salt: [UInt8], cost: Int, blockSize: Int, parallelism: Int, count: Int
  ) throws(CryptographyError) -> [UInt8] {
    Calls.begin()
    let operation = "derive a key with scrypt"
    guard cost > 1, blockSize > 0, parallelism > 0, count > 0,
      case (let cells, let isTooMuch) = cost.multipliedReportingOverflow(by: blockSize), !isTooMuch,
      cells <= 1 << 30, parallelism <= 1 << 20
    else { throw CryptographyError(operation, because: "invalid parameters") }
    // OpenSSL's own sum with a margin: V, B and X (crypto/evp/pbe_scrypt.c).
    let memory = UInt64(128 * cells) + UInt64(128 * blockSize * parallelism) + UInt64(256 * blockSize) + 4096
    var key = [UInt8](repeating: 0, count: count)
    // With a null pointer OpenSSL only checks the parameters, so an empty password needs an address too.
    let made = (password.isEmpty ? [0] : password).withUnsafeBytes {
      EVP_PBE_scrypt(
        $0.baseAddress?.assumingMemoryBound(to: CChar.self), password.count, salt, salt.count, UInt64(cost),
        UInt64(blockSize), UInt64(parallelism), memory, &key, count)
    }
    try check(made, operation)
    return key
  }
}
