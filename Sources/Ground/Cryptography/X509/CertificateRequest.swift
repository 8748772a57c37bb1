internal import COpenSSL

/// A certificate signing request (PKCS#10, RFC 2986).
///
/// It is immutable, so threads can share it.
package final class CertificateRequest: @unchecked Sendable {
  /// The label in the PEM `BEGIN` line. Some programs write `oldLabel`.
  package static let label = "CERTIFICATE REQUEST"
  package static let oldLabel = "NEW CERTIFICATE REQUEST"

  /// The whole request in DER.
  package let der: [UInt8]
  package let subject: DistinguishedName
  /// The key to be certified.
  package let publicKey: PublicKey
  private let pointer: OpaquePointer

  /// Reads a request without verifying its signature.
  /// - Throws: ``CryptographyError`` if the bytes are not exactly one request in DER, or its key is of an unsupported
  ///   kind.
  package init(der: [UInt8]) throws(CryptographyError) {
    Calls.begin()
    let operation = "read a certificate request"
    let pointer = try der.lent { (bytes) throws(CryptographyError) in
      try decode(bytes, operation, freedBy: X509_REQ_free) { d2i_X509_REQ(nil, $0, $1) }
    }
    let request = try Owned(pointer, X509_REQ_free, operation)
    guard X509_REQ_get_version(pointer) == 0 else {
      throw CryptographyError(operation, because: "an unknown version")
    }
    subject = try DistinguishedName(reading: X509_REQ_get_subject_name(pointer))
    publicKey = try PublicKey(reading: X509_REQ_get_X509_PUBKEY(pointer), operation)
    self.der = der
    self.pointer = request.take()
  }

  deinit { X509_REQ_free(pointer) }

  /// Verifies its signature with its own key, which proves that the requester has the private key.
  package var isSignedByItsKey: Bool {
    Calls.begin()
    defer { Calls.begin() }
    return X509_REQ_verify(pointer, publicKey.pointer) == 1
  }

  /// Whether its signature uses MD5 or SHA-1, with which another request with the same signature can be made.
  package var isSignedWithBrokenDigest: Bool {
    Calls.begin()
    defer { Calls.begin() }
    var digest: Int32 = 0
    var key: Int32 = 0
    guard OBJ_find_sigid_algs(X509_REQ_get_signature_nid(pointer), &digest, &key) == 1 else { return false }
    return [NID_md4, NID_md5, NID_sha1].contains(digest)
  }

  /// Makes a request.
  /// - Parameters:
  ///   - key: the key to be certified, which signs the request.
  ///   - extensions: the requested extensions. If empty, the request has no attributes.
  /// - Throws: ``CryptographyError``.
  package convenience init(
    subject: DistinguishedName, key: PrivateKey, extensions: [CertificateExtension] = []
  ) throws(CryptographyError) {
    Calls.begin()
    let operation = "make a certificate request"
    let request = try Owned(X509_REQ_new(), X509_REQ_free, operation)
    let pointer = request.pointer
    try check(X509_REQ_set_version(pointer, 0), operation)
    let name = try subject.makePointer()
    try check(X509_REQ_set_subject_name(pointer, name.pointer), operation)
    try check(X509_REQ_set_pubkey(pointer, key.pointer), operation)
    if !extensions.isEmpty {
      let list = try Owned(shim_extensions_new(), shim_extensions_free, operation)
      for item in extensions {
        let made = try item.makePointer()
        try check(shim_extensions_push(list.pointer, made.pointer), operation)
        _ = made.take()
      }
      try check(X509_REQ_add_extensions(pointer, list.pointer), operation)
    }
    try check(X509_REQ_sign(pointer, key.pointer, key.kind.usualDigest?.function), operation)
    try self.init(der: encode(operation) { i2d_X509_REQ(pointer, $0) })
  }

  /// The PEM text with a final newline.
  /// - Throws: ``CryptographyError`` if memory is exhausted.
  package func pem() throws(CryptographyError) -> String { try PEM.text(Self.label, der) }
}
