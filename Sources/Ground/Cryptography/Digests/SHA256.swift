internal import COpenSSL

/// SHA-256 (FIPS 180-4) of bytes that come piece by piece.
package struct SHA256: ~Copyable {
  /// The bytes of a digest.
  package static let count = 32

  private let context: OpaquePointer

  package init() {
    // It fails only where there is no memory, or where OpenSSL was built or set up without SHA-256.
    let context = EVP_MD_CTX_new()
    guard let context, EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
      preconditionFailure("OpenSSL has no memory or no SHA-256")
    }
    self.context = context
  }

  deinit { EVP_MD_CTX_free(context) }

  /// Adds bytes.
  package mutating func update(_ bytes: [UInt8]) {
    guard EVP_DigestUpdate(context, bytes, bytes.count) == 1 else {
      preconditionFailure("OpenSSL could not go on with SHA-256")
    }
  }

  /// The digest of all bytes so far; more may be added after it.
  package borrowing func digest() -> [UInt8] {
    let copy = EVP_MD_CTX_new()
    defer { EVP_MD_CTX_free(copy) }
    var digest = [UInt8](repeating: 0, count: Self.count)
    guard let copy, EVP_MD_CTX_copy_ex(copy, context) == 1, EVP_DigestFinal_ex(copy, &digest, nil) == 1 else {
      preconditionFailure("OpenSSL has no memory for SHA-256")
    }
    return digest
  }

  /// The digest of these bytes.
  package static func hash(_ bytes: [UInt8]) -> [UInt8] {
    bytes.withUnsafeBytes { hash($0) }
  }

  /// The digest of these bytes.
  package static func hash(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      guard COpenSSL.SHA256(bytes.baseAddress, bytes.count, buffer.baseAddress) != nil else {
        preconditionFailure("OpenSSL has no memory or no SHA-256")
      }
      initialized = count
    }
  }
}
