internal import COpenSSL

/// A private key and its public one. It cannot be printed by mistake: descriptions, mirrors and errors show its kind
/// only. OpenSSL wipes it when it is freed.
///
/// OpenSSL's key does not change after it was made, but for what OpenSSL keeps for itself under its own locks, so it may
/// be used on several threads.
package final class PrivateKey: @unchecked Sendable {
  let pointer: OpaquePointer
  package let publicKey: PublicKey

  package var kind: KeyKind { publicKey.kind }

  /// - Parameter key: what the library made, which the new value frees, or this initialiser where it throws.
  init(owning key: consuming Owned, _ operation: @autoclosure () -> String) throws(CryptographyError) {
    // The public key is the same object: OpenSSL counts its owners.
    try check(EVP_PKEY_up_ref(key.pointer), operation())
    publicKey = try PublicKey(owning: Owned(key.pointer, EVP_PKEY_free, operation()), operation())
    pointer = key.take()
  }

  deinit { EVP_PKEY_free(pointer) }

  /// A new key. RSA takes a part of a second.
  /// - Throws: ``CryptographyError``.
  package static func generate(_ kind: KeyKind) throws(CryptographyError) -> PrivateKey {
    Calls.begin()
    let operation = "make a \(kind) key"
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
