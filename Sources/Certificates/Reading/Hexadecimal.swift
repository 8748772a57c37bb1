/// Parses lower-case or upper-case hexadecimal; nil if the text is not hexadecimal.
func bytes(hexadecimal text: String) -> [UInt8]? {
  let digits = text.utf8.map { UInt8(String(UnicodeScalar($0)), radix: 16) }
  guard digits.count.isMultiple(of: 2), !digits.contains(nil) else { return nil }
  return stride(from: 0, to: digits.count, by: 2).map { (digits[$0] ?? 0) << 4 | (digits[$0 + 1] ?? 0) }
}
