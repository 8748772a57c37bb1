import Cryptography

extension DistinguishedName {
  /// All Common Names in the order of the encoding, which is the order in which etcd (Go's crypto/x509) meets
  /// them. One whose characters cannot be told for certain is nil.
  var commonNames: [String?] {
    attributes.filter { $0.type == Attribute.commonName }.map(\.certainText)
  }
}

extension DistinguishedName.Attribute {
  /// The characters. Go reads a TeletexString's bytes as they are in some releases and as Latin-1 in others,
  /// so one outside ASCII has no certain reading; a BMPString is UTF-16 (RFC 5280, appendix A.1).
  fileprivate var certainText: String? {
    switch tag {
    case 0x14: value.allSatisfy { $0 < 0x80 } ? String(decoding: value, as: UTF8.self) : nil
    case 0x1e: String(utf16BigEndian: value)
    default: text
    }
  }
}

extension String {
  fileprivate init?(utf16BigEndian bytes: [UInt8]) {
    guard bytes.count.isMultiple(of: 2) else { return nil }
    let units = stride(from: 0, to: bytes.count, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
    self.init(validating: units, as: UTF16.self)
  }
}
