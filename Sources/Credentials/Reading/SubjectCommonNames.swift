import Cryptography
import Names

extension DistinguishedName {
  /// All Common Names in encoding order, in which etcd (Go's crypto/x509) reads them. Nil for one whose
  /// characters are ambiguous.
  package var commonNames: [String?] {
    attributes.filter { $0.type == Attribute.commonName }.map(\.certainText)
  }

  /// All organizational units in encoding order. Nil for one whose characters are ambiguous.
  package var organizationalUnits: [String?] {
    attributes.filter { $0.type == Attribute.organizationalUnit }.map(\.certainText)
  }

  /// The name of a certificate without a Common Name: its only organizational unit, if that is such a name.
  package var transportName: String? {
    guard commonNames.isEmpty, organizationalUnits.count == 1, let name = organizationalUnits[0],
      CertificateName(name).isTransport
    else { return nil }
    return name
  }
}

extension DistinguishedName.Attribute {
  /// The text; nil if it is ambiguous. Some Go releases read a TeletexString as raw bytes, others as Latin-1,
  /// so one outside ASCII is ambiguous. A BMPString is UTF-16 (RFC 5280, appendix A.1).
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
