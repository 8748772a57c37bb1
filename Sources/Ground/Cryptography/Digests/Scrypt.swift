internal import COpenSSL

/// scrypt (RFC 7914): a key from a password, at a price in time and memory.
package enum Scrypt {
  /// - Parameters:
  ///   - cost: N, a power of two; with `blockSize` it takes `128 * cost * blockSize` bytes of memory.
  ///   - blockSize: r.
  ///   - parallelism: p.
  ///   - count: bytes of the key.
  /// - Throws: ``CryptographyError`` where a number is none that scrypt knows, or there is no memory.
  package static func key(
    from password: [UInt8], salt: [UInt8], cost: Int, blockSize: Int, parallelism: Int, count: Int
  ) throws(CryptographyError) -> [UInt8] {
    Calls.begin()
    let operation = "derive a key with scrypt"
    guard cost > 1, blockSize > 0, parallelism > 0, count > 0,
      case (let cells, let isTooMuch) = cost.multipliedReportingOverflow(by: blockSize), !isTooMuch,
      cells <= 1 << 30, parallelism <= 1 << 20
    else { throw CryptographyError(operation, because: "a cost that is not possible") }
    // What OpenSSL counts, and some to spare: V, B and X (crypto/evp/pbe_scrypt.c).
    let memory = UInt64(128 * cells) + UInt64(128 * blockSize * parallelism) + UInt64(256 * blockSize) + 4096
    var key = [UInt8](repeating: 0, count: count)
    // A password of no bytes must have an address all the same, or nothing is derived.
    let made = (password.isEmpty ? [0] : password).withUnsafeBytes {
      EVP_PBE_scrypt(
        $0.baseAddress?.assumingMemoryBound(to: CChar.self), password.count, salt, salt.count, UInt64(cost),
        UInt64(blockSize), UInt64(parallelism), memory, &key, count)
    }
    try check(made, operation)
    return key
  }
}
