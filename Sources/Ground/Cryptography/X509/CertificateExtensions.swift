internal import COpenSSL

/// The contents of extensions. Each property is nil if the certificate does not have the extension, and throws
/// ``CryptographyError`` if its value is invalid.
extension Certificate {
  package var basicConstraints: BasicConstraints? {
    get throws(CryptographyError) {
      try read(CertificateExtension.Identifier.basicConstraints) { bytes in
        guard let value = DERReader.only(0x30, in: bytes) else { return nil }
        var parts = DERReader(value.contents)
        let isAuthority = parts.next(0x01) != nil
        let length = parts.next(0x02)
        guard parts.isAtEnd, length == nil || length?.number != nil else { return nil }
        return BasicConstraints(isAuthority: isAuthority, pathLength: length?.number)
      }
    }
  }

  package var keyUsage: Set<KeyUsage>? {
    get throws(CryptographyError) {
      try read(CertificateExtension.Identifier.keyUsage) { bytes in
        guard let bits = DERReader.only(0x03, in: bytes)?.contents, (2...3).contains(bits.count),
          let unused = bits.first, unused < 8
        else { return nil }
        let flags = Array(bits.dropFirst())
        return Set(
          KeyUsage.allCases.filter { usage in
            usage.rawValue / 8 < flags.count
              && flags[usage.rawValue / 8] & (0x80 >> UInt8(usage.rawValue % 8)) != 0
          })
      }
    }
  }

  /// Object identifiers, at least one, without duplicates.
  package var extendedKeyUsage: [String]? {
    get throws(CryptographyError) {
      try read(CertificateExtension.Identifier.extendedKeyUsage) { bytes in
        guard let value = DERReader.only(0x30, in: bytes) else { return nil }
        var usages: [String] = []
        var parts = DERReader(value.contents)
        while let part = parts.next(0x06) {
          guard let usage = part.objectIdentifier else { return nil }
          usages.append(usage)
        }
        guard parts.isAtEnd, !usages.isEmpty, Set(usages).count == usages.count else { return nil }
        return usages
      }
    }
  }

  package var subjectAlternativeNames: [GeneralName]? {
    get throws(CryptographyError) {
      try read(CertificateExtension.Identifier.subjectAlternativeNames) { bytes in
        DERReader.only(0x30, in: bytes).flatMap { GeneralName.all(in: $0.contents) }
      }
    }
  }

  package var subjectKeyIdentifier: [UInt8]? {
    get throws(CryptographyError) {
      try read(CertificateExtension.Identifier.subjectKeyIdentifier) { bytes in
        DERReader.only(0x04, in: bytes).map { Array($0.contents) }
      }
    }
  }

  package var nameConstraints: NameConstraints? {
    get throws(CryptographyError) {
      try read(CertificateExtension.Identifier.nameConstraints) { bytes in
        guard let value = DERReader.only(0x30, in: bytes) else { return nil }
        var parts = DERReader(value.contents)
        let permitted = Self.subtrees(parts.next(0xa0))
        let excluded = Self.subtrees(parts.next(0xa1))
        guard parts.isAtEnd, let permitted, let excluded else { return nil }
        return NameConstraints(permitted: permitted, excluded: excluded)
      }
    }
  }

  /// `minimum` and `maximum` are not used (RFC 5280, section 4.2.1.10).
  private static func subtrees(_ value: DERReader.Value?) -> [GeneralName]? {
    guard let value else { return [] }
    var names: [GeneralName] = []
    var subtrees = DERReader(value.contents)
    while let subtree = subtrees.next(0x30) {
      var parts = DERReader(subtree.contents)
      guard let name = parts.next().flatMap(GeneralName.init), parts.isAtEnd else { return nil }
      names.append(name)
    }
    return subtrees.isAtEnd ? names : nil
  }

  /// The value of an extension in DER; nil if the certificate does not have it.
  package func extensionValue(_ identifier: String) throws(CryptographyError) -> [UInt8]? {
    Calls.begin()
    let operation = "read the extension \(identifier)"
    let object = try Owned(OBJ_txt2obj(identifier, 1), ASN1_OBJECT_free, operation)
    let index = X509_get_ext_by_OBJ(pointer, object.pointer, -1)
    guard index >= 0 else { return nil }
    return bytes(of: X509_EXTENSION_get_data(X509_get_ext(pointer, index)))
  }

  private func read<Contents>(
    _ identifier: String, _ parse: ([UInt8]) -> Contents?
  ) throws(CryptographyError) -> Contents? {
    guard let bytes = try extensionValue(identifier) else { return nil }
    guard let contents = parse(bytes) else {
      throw CryptographyError("read the extension \(identifier)", because: "an invalid value")
    }
    return contents
  }
}

/// Copies the bytes of an ASN.1 string.
func bytes(of string: UnsafePointer<ASN1_STRING>?) -> [UInt8] {
  guard let string, let start = ASN1_STRING_get0_data(string) else { return [] }
  return Array(UnsafeBufferPointer(start: start, count: Int(max(0, ASN1_STRING_length(string)))))
}
