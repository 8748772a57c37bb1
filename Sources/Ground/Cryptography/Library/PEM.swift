internal import COpenSSL

/// A document in a PEM text (RFC 7468).
package struct PEMDocument: Sendable {
  /// The label after `BEGIN`, as in "CERTIFICATE".
  package let label: String
  /// Whether it has headers (RFC 1421), as protected keys in the format before PKCS#8 have.
  package let hasHeaders: Bool
  /// The decoded contents, which may be a private key.
  package let contents: SecretBytes

  /// A copy of contents that are not secret.
  package var bytes: [UInt8] { contents.withUnsafeBytes { Array($0) } }

  /// Reads all documents of a text in order. The text around them is skipped.
  /// - Throws: ``CryptographyError`` if a document has no end or is not Base64. The error never quotes the text.
  package static func all(in text: [UInt8]) throws(CryptographyError) -> [PEMDocument] {
    try text.lent { (bytes) throws(CryptographyError) in try all(in: bytes) }
  }

  /// Reads all documents of a text in order.
  /// - Throws: ``CryptographyError``.
  package static func all(in text: UnsafeRawBufferPointer) throws(CryptographyError) -> [PEMDocument] {
    try MemoryBIO.withReader(of: text) { (bio) throws(CryptographyError) in
      var documents: [PEMDocument] = []
      while let document = try PEMDocument(next: bio) { documents.append(document) }
      return documents
    }
  }

  /// Reads the next document; nil at the end of the text.
  private init?(next bio: OpaquePointer) throws(CryptographyError) {
    Calls.begin()
    var label: UnsafeMutablePointer<CChar>?
    var headers: UnsafeMutablePointer<CChar>?
    var data: UnsafeMutablePointer<UInt8>?
    var count = 0
    let isRead = PEM_read_bio(bio, &label, &headers, &data, &count) == 1
    defer {
      shim_free(label)
      shim_free(headers)
      shim_clear_free(data, max(0, count))
    }
    guard isRead, let label, let data else {
      if ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE {
        Calls.begin()
        return nil
      }
      throw CryptographyError("read PEM")
    }
    self.label = String(cString: label)
    hasHeaders = headers.map { $0.pointee != 0 } ?? false
    contents = try SecretBytes(copying: UnsafeRawBufferPointer(start: data, count: count))
  }
}

/// Writes PEM.
package enum PEM {
  /// A document that is not secret, with a final newline.
  /// - Throws: ``CryptographyError`` if memory is exhausted.
  package static func text(_ label: String, _ der: [UInt8]) throws(CryptographyError) -> String {
    try der.lent { (bytes) throws(CryptographyError) in
      try write(label, bytes).withContents { String(decoding: $0, as: UTF8.self) }
    }
  }

  /// A secret document, with a final newline.
  /// - Throws: ``CryptographyError`` if memory is exhausted.
  package static func secret(_ label: String, _ der: SecretBytes) throws(CryptographyError) -> SecretBytes {
    try der.withUnsafeBytes { (bytes) throws(CryptographyError) in
      try write(label, bytes).withContents { (text) throws(CryptographyError) in
        try SecretBytes(copying: text)
      }
    }
  }

  private static func write(
    _ label: String, _ der: UnsafeRawBufferPointer
  ) throws(CryptographyError) -> MemoryBIO {
    Calls.begin()
    let bio = try MemoryBIO()
    let bytes = der.baseAddress?.assumingMemoryBound(to: UInt8.self)
    try check(PEM_write_bio(bio.pointer, label, "", bytes, der.count), "write PEM")
    return bio
  }
}
