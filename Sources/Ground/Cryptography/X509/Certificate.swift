internal import COpenSSL
import Synchronization

/// A certificate (RFC 5280), read or issued. What it says is read from it by the members of its extensions.
///
/// It does not change after it was made, but for what OpenSSL keeps for itself under its own locks, so it may be used on
/// several threads.
package final class Certificate: @unchecked Sendable {
  /// What stands in PEM's `BEGIN` line.
  package static let label = "CERTIFICATE"

  /// All of it, in DER.
  package let der: [UInt8]
  /// All that it says; not its public key in OpenSSL's own form where it was issued here: see ``verifiable()``.
  let pointer: OpaquePointer
  /// What was read from ``der`` where ``pointer`` will not do.
  private let readAgain: Mutex<OpaquePointer?>
  /// The key of a certificate that was issued here.
  private let issuedKey: PublicKey?
  let fields: CertificateFields

  /// Reads one.
  /// - Throws: ``CryptographyError`` where the bytes are no certificate, or more than one.
  package init(der: [UInt8]) throws(CryptographyError) {
    Calls.begin()
    let certificate = try Owned(Self.read(der), X509_free, "read a certificate")
    fields = try CertificateFields(certificate.pointer)
    pointer = certificate.take()
    self.der = der
    readAgain = Mutex(nil)
    issuedKey = nil
  }

  /// - Parameter certificate: one whose key was set as bytes, which OpenSSL does not read again by itself.
  init(
    issued certificate: consuming Owned, _ fields: CertificateFields, publicKey: PublicKey
  ) throws(CryptographyError) {
    der = try encode("write a certificate") { [x509 = certificate.pointer] in i2d_X509(x509, $0) }
    pointer = certificate.take()
    readAgain = Mutex(nil)
    issuedKey = publicKey
    self.fields = fields
  }

  deinit {
    X509_free(pointer)
    readAgain.withLock { X509_free($0) }
  }

  /// All certificates of a PEM text, in their order; other documents and text around them are passed over.
  /// - Throws: ``CryptographyError`` where the text is damaged, or one of them is.
  package static func all(pem: [UInt8]) throws(CryptographyError) -> [Certificate] {
    var certificates: [Certificate] = []
    for document in try PEMDocument.all(in: pem) where document.label == label {
      certificates.append(try Certificate(der: document.bytes))
    }
    return certificates
  }

  /// In PEM, with the newline at its end.
  /// - Throws: ``CryptographyError`` where there is no memory.
  package func pem() throws(CryptographyError) -> String { try PEM.text(Self.label, der) }

  /// SHA-256 of ``der``, as `openssl x509 -fingerprint -sha256` shows it.
  package var fingerprint: [UInt8] { SHA256.hash(der) }

  /// The key that it is for.
  /// - Throws: ``CryptographyError`` where it is damaged or of another kind: ``CryptographyError/isOfUnknownKey``.
  package var publicKey: PublicKey {
    get throws(CryptographyError) {
      if let issuedKey { return issuedKey }
      Calls.begin()
      return try PublicKey(reading: X509_get_X509_PUBKEY(pointer), "read a certificate's public key")
    }
  }

  /// OpenSSL's certificate with its public key, for verification and TLS; as long as this value lives.
  /// - Throws: ``CryptographyError``.
  func verifiable() throws(CryptographyError) -> OpaquePointer {
    guard issuedKey != nil else { return pointer }
    return try readAgain.withLock { (known) throws(CryptographyError) in
      if let known { return known }
      Calls.begin()
      let fresh = try Self.read(der)
      known = fresh
      return fresh
    }
  }

  /// What OpenSSL works out from the extensions when it needs it, it works out here, before others see the value.
  private static func read(_ der: [UInt8]) throws(CryptographyError) -> OpaquePointer {
    let pointer = try der.lent { (bytes) throws(CryptographyError) in
      try decode(bytes, "read a certificate", freedBy: X509_free) { d2i_X509(nil, $0, $1) }
    }
    X509_check_purpose(pointer, -1, 0)
    Calls.begin()
    return pointer
  }
}

extension Certificate: Hashable {
  package static func == (one: Certificate, other: Certificate) -> Bool { one.der == other.der }

  package func hash(into hasher: inout Hasher) { hasher.combine(der) }
}
