internal import COpenSSL

/// The basic fields of a certificate.
struct CertificateFields: Sendable {
  let subject: DistinguishedName
  let issuer: DistinguishedName
  let serial: [UInt8]
  let notBefore: Int
  let notAfter: Int

  /// The fields of a certificate that is issued from a template.
  init(_ template: CertificateTemplate, issuer: DistinguishedName) {
    subject = template.subject
    self.issuer = issuer
    serial = Array(template.serial.drop { $0 == 0 })
    notBefore = template.notBefore
    notAfter = template.notAfter
  }

  /// Reads the fields of an `X509`.
  /// - Throws: ``CryptographyError`` if a field is invalid, the serial number is negative, the version is unknown or an
  ///   extension occurs twice (RFC 5280, section 4.2).
  init(_ certificate: OpaquePointer) throws(CryptographyError) {
    let operation = "read a certificate"
    guard (0...2).contains(X509_get_version(certificate)) else {
      throw CryptographyError(operation, because: "an unknown version")
    }
    subject = try DistinguishedName(reading: X509_get_subject_name(certificate))
    issuer = try DistinguishedName(reading: X509_get_issuer_name(certificate))
    guard let number = X509_get0_serialNumber(certificate), ASN1_STRING_type(number) == V_ASN1_INTEGER else {
      throw CryptographyError(operation, because: "a negative serial number")
    }
    serial = Array(bytes(of: number).drop { $0 == 0 })
    guard let notBefore = seconds(of: X509_get0_notBefore(certificate)),
      let notAfter = seconds(of: X509_get0_notAfter(certificate))
    else { throw CryptographyError(operation, because: "an invalid date") }
    self.notBefore = notBefore
    self.notAfter = notAfter
    var identifiers: Set<[UInt8]> = []
    for index in 0..<max(0, X509_get_ext_count(certificate)) {
      let object = X509_EXTENSION_get_object(X509_get_ext(certificate, index))
      let identifier = Array(
        UnsafeBufferPointer(start: OBJ_get0_data(object), count: OBJ_length(object)))
      guard identifiers.insert(identifier).inserted else {
        throw CryptographyError(operation, because: "a duplicate extension")
      }
    }
  }
}

extension Certificate {
  package var subject: DistinguishedName { fields.subject }
  package var issuer: DistinguishedName { fields.issuer }
  /// Most significant byte first, without leading zero bytes. The serial number 0 is empty.
  package var serial: [UInt8] { fields.serial }
  /// Seconds since 1970.
  package var notBefore: Int { fields.notBefore }
  /// Seconds since 1970.
  package var notAfter: Int { fields.notAfter }

  /// Whether all verifiers support its signature algorithm: RSA (PKCS#1, version 1.5) or ECDSA with SHA-2, RSA with SHA-1,
  /// or Ed25519 (RFC 3279, 4055, 5758 and 8410).
  package var hasKnownSignatureAlgorithm: Bool {
    var algorithm: UnsafePointer<X509_ALGOR>?
    X509_get0_signature(nil, &algorithm, pointer)
    return AlgorithmName(algorithm).isOfKnownSignature
  }

  /// Verifies its signature.
  package func isSigned(by key: PublicKey) -> Bool {
    Calls.begin()
    defer { Calls.begin() }
    return X509_verify(pointer, key.pointer) == 1
  }
}
