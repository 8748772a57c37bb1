internal import COpenSSL

/// Random bytes for keys, salts and serial numbers.
package enum Randomness {
  /// - Throws: ``CryptographyError`` if the system provides no entropy.
  package static func bytes(_ count: Int) throws(CryptographyError) -> [UInt8] {
    Calls.begin()
    var bytes = [UInt8](repeating: 0, count: count)
    try check(RAND_bytes(&bytes, count32(count, "get random bytes")), "get random bytes")
    return bytes
  }
}
