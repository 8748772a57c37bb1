internal import COpenSSL

/// Whether two values are the same, in a time that tells nothing of where they differ. Their lengths are no secret.
package func isSameInConstantTime(_ one: [UInt8], _ other: [UInt8]) -> Bool {
  one.count == other.count && CRYPTO_memcmp(one, other, one.count) == 0
}
