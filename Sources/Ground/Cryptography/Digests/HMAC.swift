internal import COpenSSL

/// HMAC with SHA-256 (RFC 2104).
package enum HMACSHA256 {
  /// Computes the authentication code.
  /// - Throws: ``CryptographyError`` if the key is longer than 2 GiB or memory is exhausted.
  package static func code(of bytes: [UInt8], key: [UInt8]) throws(CryptographyError) -> [UInt8] {
    Calls.begin()
    let operation = "authenticate a message"
    let keyCount = try count32(key.count, operation)
    var code = [UInt8](repeating: 0, count: SHA256.count)
    var count: UInt32 = 0
    // With a null pointer OpenSSL would reuse the previous key, so an empty key needs an address too.
    let made = (key.isEmpty ? [0] : key).withUnsafeBytes {
      COpenSSL.HMAC(Digest.Fetched.sha256, $0.baseAddress, keyCount, bytes, bytes.count, &code, &count)
    }
    guard made != nil, count == SHA256.count else { throw CryptographyError(operation) }
    return code
  }
}
