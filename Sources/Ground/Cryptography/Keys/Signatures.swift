internal import COpenSSL

extension PublicKey {
  /// Verifies a signature of a message.
  /// - Parameters:
  ///   - signature: PKCS#1 version 1.5 for RSA, DER for elliptic curves, 64 bytes for Ed25519.
  ///   - digest: nil for the default: SHA-256 for RSA and P-256, SHA-384 for P-384, SHA-512 for P-521. Must be nil for
  ///     Ed25519.
  package func isValid(_ signature: [UInt8], of message: [UInt8], digest: Digest? = nil) -> Bool {
    Calls.begin()
    defer { Calls.begin() }
    guard kind != .ed25519 || digest == nil, let context = EVP_MD_CTX_new() else { return false }
    defer { EVP_MD_CTX_free(context) }
    let function = (digest ?? kind.usualDigest)?.function
    return EVP_DigestVerifyInit(context, nil, function, nil, pointer) == 1
      && EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
  }
}

extension PrivateKey {
  /// Signs a message; ``PublicKey/isValid(_:of:digest:)`` verifies the signature.
  /// - Throws: ``CryptographyError``.
  package func sign(_ message: [UInt8], digest: Digest? = nil) throws(CryptographyError) -> [UInt8] {
    Calls.begin()
    let operation = "sign a message"
    guard publicKey.kind != .ed25519 || digest == nil else {
      throw CryptographyError(operation, because: "Ed25519 takes no digest")
    }
    let context = try Owned(EVP_MD_CTX_new(), EVP_MD_CTX_free, operation)
    let function = (digest ?? publicKey.kind.usualDigest)?.function
    try check(EVP_DigestSignInit(context.pointer, nil, function, nil, pointer), operation)
    var count = 0
    try check(EVP_DigestSign(context.pointer, nil, &count, message, message.count), operation)
    var signature = [UInt8](repeating: 0, count: count)
    try check(EVP_DigestSign(context.pointer, &signature, &count, message, message.count), operation)
    return Array(signature.prefix(count))
  }
}
