internal import COpenSSL

extension PublicKey {
  /// Whether a signature is this key's, of this message.
  /// - Parameters:
  ///   - signature: RSA's as it is (PKCS#1, version 1.5), that of an elliptic curve in DER, Ed25519's 64 bytes.
  ///   - digest: nil for the one that goes with the key: SHA-256 with RSA and P-256, SHA-384 with P-384, SHA-512 with
  ///     P-521. With Ed25519 there is none.
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
  /// Signs a message: what ``PublicKey/isValid(_:of:digest:)`` checks.
  /// - Throws: ``CryptographyError``.
  package func sign(_ message: [UInt8], digest: Digest? = nil) throws(CryptographyError) -> [UInt8] {
    Calls.begin()
    let operation = "sign a message"
    guard publicKey.kind != .ed25519 || digest == nil else {
      throw CryptographyError(operation, because: "Ed25519 has no digest of its own")
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
