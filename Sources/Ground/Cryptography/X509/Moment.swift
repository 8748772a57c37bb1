internal import COpenSSL

/// Seconds since 1970 of a time with seconds and in UTC (RFC 5280, section 4.1.2.5). OpenSSL also accepts other forms of
/// ASN.1, such as fractions of a second, which other parsers of certificates refuse, Go's among them.
func seconds(of time: UnsafePointer<ASN1_TIME>?) -> Int? {
  let text = bytes(of: time)
  guard let time, text.last == UInt8(ascii: "Z"), text.dropLast().allSatisfy({ (48...57).contains($0) }),
    ASN1_STRING_type(time) == V_ASN1_UTCTIME ? text.count == 13 : text.count == 15
  else { return nil }
  guard let epoch = ASN1_TIME_set(nil, 0) else { return nil }
  defer { ASN1_TIME_free(epoch) }
  var days: Int32 = 0
  var rest: Int32 = 0
  guard ASN1_TIME_diff(&days, &rest, epoch, time) == 1 else { return nil }
  return Int(days) * 86_400 + Int(rest)
}

/// Creates a time: UTCTime through 2049, GeneralizedTime from 2050. The caller frees it with `ASN1_TIME_free`.
func makeTime(
  _ seconds: Int, _ operation: @autoclosure () -> String
) throws(CryptographyError) -> UnsafeMutablePointer<ASN1_TIME> {
  // The year has four digits, but OpenSSL writes five without an error.
  guard (-62_167_219_200...253_402_300_799).contains(seconds) else {
    throw CryptographyError(operation(), because: "a date outside of the years 0 to 9999")
  }
  return try check(ASN1_TIME_set(nil, seconds), operation())
}

/// Creates an unsigned integer. The caller frees it with `ASN1_INTEGER_free`.
func makeInteger(
  _ bytes: [UInt8], _ operation: @autoclosure () -> String
) throws(CryptographyError) -> UnsafeMutablePointer<ASN1_INTEGER> {
  let number = try Owned(BN_bin2bn(bytes, count32(bytes.count, operation()), nil), BN_free, operation())
  return try check(BN_to_ASN1_INTEGER(number.pointer, nil), operation())
}
