internal import COpenSSL

/// AES-256-GCM (NIST SP 800-38D): encryption that detects changes.
package enum AES256GCM {
  package static let keyCount = 32
  /// A nonce must never be used twice with the same key.
  package static let nonceCount = 12
  package static let tagCount = 16

  /// Encrypts bytes.
  /// - Parameter additional: data that is authenticated but not encrypted; the same is needed to open it.
  /// - Returns: the encrypted bytes, followed by the tag.
  /// - Throws: ``CryptographyError`` if the key or the nonce has a wrong length.
  package static func seal(
    _ plain: [UInt8], key: [UInt8], nonce: [UInt8], additional: [UInt8] = []
  ) throws(CryptographyError) -> [UInt8] {
    let operation = "seal with AES-256-GCM"
    let context = try begin(key, nonce, operation)
    try check(EVP_EncryptInit_ex(context.pointer, EVP_aes_256_gcm(), nil, key, nonce), operation)
    var count: Int32 = 0
    if !additional.isEmpty {
      let additionalCount = try count32(additional.count, operation)
      try check(EVP_EncryptUpdate(context.pointer, nil, &count, additional, additionalCount), operation)
    }
    var sealed = [UInt8](repeating: 0, count: plain.count)
    if !plain.isEmpty {
      let plainCount = try count32(plain.count, operation)
      try check(EVP_EncryptUpdate(context.pointer, &sealed, &count, plain, plainCount), operation)
    }
    var tag = [UInt8](repeating: 0, count: tagCount)
    try check(EVP_EncryptFinal_ex(context.pointer, &tag, &count), operation)
    try check(shim_gcm_get_tag(context.pointer, &tag), operation)
    return sealed + tag
  }

  /// Decrypts what ``seal(_:key:nonce:additional:)`` returned.
  /// - Throws: ``CryptographyError`` if anything was changed, or a length is wrong.
  package static func open(
    _ sealed: [UInt8], key: [UInt8], nonce: [UInt8], additional: [UInt8] = []
  ) throws(CryptographyError) -> [UInt8] {
    let operation = "open what AES-256-GCM sealed"
    guard sealed.count >= tagCount else { throw CryptographyError(operation, because: "no tag") }
    let context = try begin(key, nonce, operation)
    try check(EVP_DecryptInit_ex(context.pointer, EVP_aes_256_gcm(), nil, key, nonce), operation)
    var count: Int32 = 0
    if !additional.isEmpty {
      let additionalCount = try count32(additional.count, operation)
      try check(EVP_DecryptUpdate(context.pointer, nil, &count, additional, additionalCount), operation)
    }
    let body = Array(sealed.dropLast(tagCount))
    var plain = [UInt8](repeating: 0, count: body.count)
    if !body.isEmpty {
      let bodyCount = try count32(body.count, operation)
      try check(EVP_DecryptUpdate(context.pointer, &plain, &count, body, bodyCount), operation)
    }
    try check(shim_gcm_set_tag(context.pointer, Array(sealed.suffix(tagCount))), operation)
    var rest = [UInt8](repeating: 0, count: tagCount)
    guard EVP_DecryptFinal_ex(context.pointer, &rest, &count) == 1 else {
      throw CryptographyError(operation, because: "the data was changed, or the key is wrong")
    }
    return plain
  }

  private static func begin(
    _ key: [UInt8], _ nonce: [UInt8], _ operation: String
  ) throws(CryptographyError) -> Owned {
    Calls.begin()
    guard key.count == keyCount, nonce.count == nonceCount else {
      throw CryptographyError(operation, because: "the key or the nonce has a wrong length")
    }
    return try Owned(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free, operation)
  }
}
