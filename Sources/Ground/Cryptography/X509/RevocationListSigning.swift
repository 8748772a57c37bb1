internal import COpenSSL

extension RevocationList {
  /// Signs a list of version 2, with the default algorithm of the key.
  /// - Parameters:
  ///   - issuer: subject of the authority's certificate.
  ///   - thisUpdate: seconds since 1970; `nextUpdate` likewise.
  ///   - entries: written in this order.
  ///   - extensions: extensions of the list, such as its number, written in this order.
  ///   - key: key of the authority.
  /// - Throws: ``CryptographyError``.
  package convenience init(
    issuer: DistinguishedName, thisUpdate: Int, nextUpdate: Int, entries: [Entry],
    extensions: [CertificateExtension], key: PrivateKey
  ) throws(CryptographyError) {
    Calls.begin()
    let operation = "sign a revocation list"
    let list = try Owned(X509_CRL_new(), X509_CRL_free, operation)
    let pointer = list.pointer
    try check(X509_CRL_set_version(pointer, 1), operation)
    let name = try issuer.makePointer()
    try check(X509_CRL_set_issuer_name(pointer, name.pointer), operation)
    let start = try makeTime(thisUpdate, operation)
    defer { ASN1_TIME_free(start) }
    try check(X509_CRL_set1_lastUpdate(pointer, start), operation)
    let end = try makeTime(nextUpdate, operation)
    defer { ASN1_TIME_free(end) }
    try check(X509_CRL_set1_nextUpdate(pointer, end), operation)
    for entry in entries {
      let revoked = try Self.makeEntry(entry, operation)
      try check(X509_CRL_add0_revoked(pointer, revoked.pointer), operation)
      _ = revoked.take()
    }
    for item in extensions {
      let made = try item.makePointer()
      try check(X509_CRL_add_ext(pointer, made.pointer, -1), operation)
    }
    try check(X509_CRL_sign(pointer, key.pointer, key.kind.usualDigest?.function), operation)
    try self.init(der: encode(operation) { i2d_X509_CRL(pointer, $0) })
  }

  private static func makeEntry(
    _ entry: Entry, _ operation: String
  ) throws(CryptographyError) -> Owned {
    let revoked = try Owned(X509_REVOKED_new(), X509_REVOKED_free, operation)
    let serial = try makeInteger(entry.serial, operation)
    defer { ASN1_INTEGER_free(serial) }
    try check(X509_REVOKED_set_serialNumber(revoked.pointer, serial), operation)
    let date = try makeTime(entry.date, operation)
    defer { ASN1_TIME_free(date) }
    try check(X509_REVOKED_set_revocationDate(revoked.pointer, date), operation)
    if let reason = entry.reason {
      let made = try CertificateExtension(
        CertificateExtension.Identifier.reasonCode, value: DER.value(0x0a, [UInt8(clamping: reason)])
      ).makePointer()
      try check(X509_REVOKED_add_ext(revoked.pointer, made.pointer, -1), operation)
    }
    return revoked
  }
}

extension CertificateExtension {
  /// The number of a revocation list (RFC 5280, section 5.2.3).
  package static func listNumber(_ number: Int) -> Self {
    Self(Identifier.listNumber, value: DER.integer(number.bigEndianBytes))
  }
}
