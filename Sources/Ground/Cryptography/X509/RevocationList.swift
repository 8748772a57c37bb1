internal import COpenSSL

/// A list of revoked certificates (RFC 5280, section 5).
///
/// It is immutable, except for caches that OpenSSL protects by its own locks, so threads can share it.
package final class RevocationList: @unchecked Sendable {
  /// The label in the PEM `BEGIN` line.
  package static let label = "X509 CRL"

  package struct Entry: Hashable, Sendable {
    /// Unsigned, most significant byte first, without leading zero bytes.
    package let serial: [UInt8]
    /// Seconds since 1970.
    package let date: Int
    /// The reason code (RFC 5280, section 5.3.1); nil without one.
    package let reason: Int?

    package init(serial: [UInt8], date: Int, reason: Int?) {
      self.serial = serial
      self.date = date
      self.reason = reason
    }
  }

  /// The whole list in DER.
  package let der: [UInt8]
  package let issuer: DistinguishedName
  /// Seconds since 1970.
  package let thisUpdate: Int
  /// Seconds since 1970; nil without one.
  package let nextUpdate: Int?
  /// The entries in order of the list.
  package let entries: [Entry]
  /// The list number, most significant byte first, without leading zero bytes; nil without one.
  package let number: [UInt8]?
  let pointer: OpaquePointer

  /// Reads a list without verifying its signature.
  /// - Throws: ``CryptographyError`` if the bytes are not exactly one list in DER.
  package init(der: [UInt8]) throws(CryptographyError) {
    Calls.begin()
    let operation = "read a revocation list"
    let pointer = try der.lent { (bytes) throws(CryptographyError) in
      try decode(bytes, operation, freedBy: X509_CRL_free) { d2i_X509_CRL(nil, $0, $1) }
    }
    let list = try Owned(pointer, X509_CRL_free, operation)
    issuer = try DistinguishedName(reading: X509_CRL_get_issuer(pointer))
    guard let thisUpdate = seconds(of: X509_CRL_get0_lastUpdate(pointer)) else {
      throw CryptographyError(operation, because: "an invalid date")
    }
    self.thisUpdate = thisUpdate
    nextUpdate = try X509_CRL_get0_nextUpdate(pointer).map { (time) throws(CryptographyError) in
      try check(seconds(of: time), operation)
    }
    entries = try Self.entries(of: pointer, operation)
    number = try Self.number(of: pointer, operation)
    self.der = der
    self.pointer = list.take()
  }

  deinit { X509_CRL_free(pointer) }

  /// The PEM text with a final newline.
  /// - Throws: ``CryptographyError`` if memory is exhausted.
  package func pem() throws(CryptographyError) -> String { try PEM.text(Self.label, der) }

  /// Verifies its signature.
  package func isSigned(by key: PublicKey) -> Bool {
    Calls.begin()
    defer { Calls.begin() }
    return X509_CRL_verify(pointer, key.pointer) == 1
  }

  private static func entries(
    of list: OpaquePointer, _ operation: String
  ) throws(CryptographyError) -> [Entry] {
    guard let revoked = X509_CRL_get_REVOKED(list) else { return [] }
    var entries: [Entry] = []
    for index in 0..<max(0, shim_revoked_count(revoked)) {
      let entry = shim_revoked(revoked, index)
      guard let date = seconds(of: X509_REVOKED_get0_revocationDate(entry)),
        let serial = X509_REVOKED_get0_serialNumber(entry), ASN1_STRING_type(serial) == V_ASN1_INTEGER
      else { throw CryptographyError(operation, because: "an invalid entry") }
      let place = X509_REVOKED_get_ext_by_NID(entry, NID_crl_reason, -1)
      var reason: Int?
      if place >= 0 {
        let value = bytes(of: X509_EXTENSION_get_data(X509_REVOKED_get_ext(entry, place)))
        guard let code = DERReader.only(0x0a, in: value)?.number else {
          throw CryptographyError(operation, because: "an invalid reason")
        }
        reason = code
      }
      entries.append(
        Entry(serial: Array(bytes(of: serial).drop { $0 == 0 }), date: date, reason: reason))
    }
    return entries
  }

  private static func number(
    of list: OpaquePointer, _ operation: String
  ) throws(CryptographyError) -> [UInt8]? {
    let place = X509_CRL_get_ext_by_NID(list, NID_crl_number, -1)
    guard place >= 0 else { return nil }
    let value = bytes(of: X509_EXTENSION_get_data(X509_CRL_get_ext(list, place)))
    guard let number = DERReader.only(0x02, in: value), let first = number.contents.first, first < 0x80 else {
      throw CryptographyError(operation, because: "an invalid list number")
    }
    return Array(number.contents.drop { $0 == 0 })
  }
}
