import SwiftASN1
import X509

extension DistinguishedName {
  /// All Common Names in the order of the encoding, which is the order in which etcd (Go's crypto/x509) meets
  /// them. One whose characters cannot be told for certain is nil.
  var commonNames: [String?] {
    flatMap { $0 }.filter { $0.type == .RDNAttributeType.commonName }.map { $0.value.text }
  }
}

extension RelativeDistinguishedName.Attribute.Value {
  /// The characters. Go reads a TeletexString's bytes as they are in some releases and as Latin-1 in others,
  /// so one outside ASCII has no certain reading; a BMPString is UTF-16 (RFC 5280, appendix A.1).
  fileprivate var text: String? {
    if let text = String(self) { return text }
    let value = ASN1Any(self)
    if let teletex = try? ASN1TeletexString(asn1Any: value) {
      return teletex.bytes.allSatisfy { $0 < 0x80 } ? String(decoding: teletex.bytes, as: UTF8.self) : nil
    }
    if let bmp = try? ASN1BMPString(asn1Any: value) { return String(utf16BigEndian: bmp.bytes) }
    return nil
  }
}

extension String {
  fileprivate init?(utf16BigEndian bytes: ArraySlice<UInt8>) {
    guard bytes.count.isMultiple(of: 2) else { return nil }
    let high = bytes.enumerated().filter { $0.offset.isMultiple(of: 2) }.map { UInt16($0.element) << 8 }
    let low = bytes.enumerated().filter { !$0.offset.isMultiple(of: 2) }.map { UInt16($0.element) }
    self.init(validating: zip(high, low).map(+), as: UTF16.self)
  }
}
