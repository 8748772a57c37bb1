internal import COpenSSL

/// The OpenSSL that the process uses, which may be newer than the one it was built with.
package enum OpenSSL {
  /// As in `3.0.15`.
  package static var version: String {
    OpenSSL_version(OPENSSL_VERSION_STRING).map { String(cString: $0) } ?? "unknown"
  }
}
