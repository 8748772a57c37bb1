internal import COpenSSL

/// A private key with its public key. It cannot be printed by mistake: descriptions, mirrors and errors show only its
/// kind. OpenSSL wipes it when it is freed.
///
/// The key is immutable, except for caches that OpenSSL protects by its own locks, so threads can share it.
package final class PrivateKey: @unchecked Sendable {
  let pointer: OpaquePointer
  package let publicKey: PublicKey

  package var kind: KeyKind { publicKey.kind }

  /// - Parameter key: an `EVP_PKEY`, which the new value owns.
  init(owning key: consuming Owned, _ operation: @autoclosure () -> String) throws(CryptographyError) {
    // Both share one object, whose references OpenSSL counts.
    try check(EVP_PKEY_up_ref(key.pointer), operation())
    publicKey = try PublicKey(owning: Owned(key.pointer, EVP_PKEY_free, operation()), operation())
    pointer = key.take()
  }

  deinit { EVP_PKEY_free(pointer) }

  /// Generates a key. RSA needs up to a second.
  /// - Throws: ``CryptographyError``.
  package static func generate(_ kind: KeyKind) throws(CryptographyError) -> PrivateKey {
    Calls.begin()
    let operation = "make a \(kind) key"
    if kind == .p256 { return try PrivateKey(owning: P256Generator.generate(operation), operation) }
    let key =
      switch kind {
      case .p256, .p384, .p521: shim_generate_ec("\(kind)")
      case .ed25519: shim_generate("ED25519")
      case .rsa(let bits): UInt32(exactly: bits).flatMap(shim_generate_rsa)
      }
    return try PrivateKey(owning: Owned(key, EVP_PKEY_free, operation), operation)
  }
}

extension PrivateKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "private key (\(kind), redacted)" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: [:]) }
}
