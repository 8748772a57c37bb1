internal import COpenSSL

/// The digests for signatures.
package enum Digest: Hashable, Sendable {
  case sha256, sha384, sha512

  var function: OpaquePointer? {
    switch self {
    case .sha256: Fetched.sha256
    case .sha384: Fetched.sha384
    case .sha512: Fetched.sha512
    }
  }

  /// Fetched once: `EVP_sha256()` and the like look their implementation up in each call. An `EVP_MD` is immutable, so
  /// threads can share it; these live as long as the process.
  enum Fetched {
    nonisolated(unsafe) static let sha1 = EVP_MD_fetch(nil, "SHA1", nil) ?? EVP_sha1()
    nonisolated(unsafe) static let sha256 = EVP_MD_fetch(nil, "SHA256", nil) ?? EVP_sha256()
    nonisolated(unsafe) static let sha384 = EVP_MD_fetch(nil, "SHA384", nil) ?? EVP_sha384()
    nonisolated(unsafe) static let sha512 = EVP_MD_fetch(nil, "SHA512", nil) ?? EVP_sha512()
  }
}
