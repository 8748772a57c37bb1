internal import COpenSSL

/// Compares two values in a time that does not depend on their contents. It may depend on their lengths.
package func isSameInConstantTime(_ one: [UInt8], _ other: [UInt8]) -> Bool {
  one.count == other.count && CRYPTO_memcmp(one, other, one.count) == 0
}
