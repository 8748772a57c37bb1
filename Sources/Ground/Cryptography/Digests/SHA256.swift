internal import COpenSSL

/// An incremental SHA-256 (FIPS 180-4).
package struct SHA256: ~Copyable {
  /// Length of a digest in bytes.
  package static let count = 32

  private let context: OpaquePointer

  package init() {
    // Fails only if memory is exhausted, or OpenSSL was built or configured without SHA-256.
    let context = EVP_MD_CTX_new()
    guard let context, EVP_DigestInit_ex(context, Digest.Fetched.sha256, nil) == 1 else {
      preconditionFailure("OpenSSL has no memory or no SHA-256")
    }
    self.context = context
  }

  deinit { EVP_MD_CTX_free(context) }

  /// Adds bytes.
  package mutating func update(_ bytes: [UInt8]) {
    guard EVP_DigestUpdate(context, bytes, bytes.count) == 1 else {
      preconditionFailure("OpenSSL could not update SHA-256")
    }
  }

  /// The digest of all bytes added so far. More bytes can be added afterwards.
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
      let function = Digest.Fetched.sha256
      guard EVP_Digest(bytes.baseAddress, bytes.count, buffer.baseAddress, nil, function, nil) == 1 else {
        preconditionFailure("OpenSSL has no memory or no SHA-256")
      }
      initialized = count
    }
  }
}
