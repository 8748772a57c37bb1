internal import COpenSSL

/// The contents of a certificate to be issued, without its issuer.
package struct CertificateTemplate: Sendable {
  /// Unsigned, most significant byte first.
  package var serial: [UInt8]
  package var subject: DistinguishedName
  package var publicKey: PublicKey
  /// Seconds since 1970.
  package var notBefore: Int
  /// Seconds since 1970.
  package var notAfter: Int
  /// Written in this order.
  package var extensions: [CertificateExtension]

  package init(
    serial: [UInt8], subject: DistinguishedName, publicKey: PublicKey, notBefore: Int, notAfter: Int,
    extensions: [CertificateExtension]
  ) {
    self.serial = serial
    self.subject = subject
    self.publicKey = publicKey
    self.notBefore = notBefore
    self.notAfter = notAfter
    self.extensions = extensions
  }
}

extension Certificate {
  /// Issues a certificate of version 3, signed with the default algorithm of the issuer's key.
  /// - Parameters:
  ///   - issuer: subject of the issuer; the template's own subject for a self-signed certificate.
  ///   - key: key of the issuer.
  /// - Throws: ``CryptographyError``.
  package convenience init(
    _ template: CertificateTemplate, issuer: DistinguishedName, key: PrivateKey
  ) throws(CryptographyError) {
    Calls.begin()
    let operation = "issue a certificate"
    let certificate = try Owned(X509_new(), X509_free, operation)
    let x509 = certificate.pointer
    try check(X509_set_version(x509, 2), operation)
    let serial = try makeInteger(template.serial, operation)
    defer { ASN1_INTEGER_free(serial) }
    try check(X509_set_serialNumber(x509, serial), operation)
    let subject = try template.subject.makePointer()
    try check(X509_set_subject_name(x509, subject.pointer), operation)
    let issuerName = try issuer.makePointer()
    try check(X509_set_issuer_name(x509, issuerName.pointer), operation)
    let start = try makeTime(template.notBefore, operation)
    defer { ASN1_TIME_free(start) }
    try check(X509_set1_notBefore(x509, start), operation)
    let end = try makeTime(template.notAfter, operation)
    defer { ASN1_TIME_free(end) }
    try check(X509_set1_notAfter(x509, end), operation)
    try template.publicKey.set(in: x509, operation)
    for item in template.extensions {
      // X509_add_ext copies it.
      let made = try item.makePointer()
      try check(X509_add_ext(x509, made.pointer, -1), operation)
    }
    try check(X509_sign(x509, key.pointer, key.kind.usualDigest?.function), operation)
    try self.init(
      issued: certificate, CertificateFields(template, issuer: issuer), publicKey: template.publicKey)
  }
}

extension PublicKey {
  /// The subject key identifier: SHA-1 of the key's bits (RFC 5280, section 4.2.1.2, method 1). Security does not depend
  /// on it.
  package var identifier: [UInt8] {
    get throws(CryptographyError) {
      Calls.begin()
      let bits: [UInt8]
      if let point {
        bits = Array(point)
      } else {
        bits = try encode("read a public key") { i2d_PublicKey(pointer, $0) }
      }
      var identifier = [UInt8](repeating: 0, count: 20)
      var count: UInt32 = 0
      try check(
        EVP_Digest(bits, bits.count, &identifier, &count, Digest.Fetched.sha1, nil), "make a key's identifier"
      )
      return identifier
    }
  }

  fileprivate func set(in certificate: OpaquePointer, _ operation: String) throws(CryptographyError) {
    guard let point else { return try check(X509_set_pubkey(certificate, pointer), operation) }
    let (algorithm, curve) =
      switch kind {
      case .p256: (NID_X9_62_id_ecPublicKey, NID_X9_62_prime256v1)
      case .p384: (NID_X9_62_id_ecPublicKey, NID_secp384r1)
      case .p521: (NID_X9_62_id_ecPublicKey, NID_secp521r1)
      case .ed25519, .rsa: (NID_ED25519, NID_undef)
      }
    try check(
      shim_set_public_key(
        X509_get_X509_PUBKEY(certificate), algorithm, curve, Array(point), Int32(point.count)), operation)
  }
}
