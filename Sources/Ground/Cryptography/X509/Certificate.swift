internal import COpenSSL
import Synchronization

/// A certificate (RFC 5280), read or issued.
///
/// It is immutable, except for caches that OpenSSL protects by its own locks, so threads can share it.
package final class Certificate: @unchecked Sendable {
  /// The label in the PEM `BEGIN` line.
  package static let label = "CERTIFICATE"

  /// The whole certificate in DER.
  package let der: [UInt8]
  /// The `X509`. If it was issued here it has no usable public key: see ``verifiable()``.
  let pointer: OpaquePointer
  /// Decoded from ``der`` on demand if ``pointer`` has no usable key.
  private let readAgain: Mutex<OpaquePointer?>
  /// The public key, if the certificate was issued here.
  private let issuedKey: PublicKey?
  let fields: CertificateFields

  /// Reads a certificate.
  /// - Throws: ``CryptographyError`` if the bytes are not exactly one certificate in DER.
  package init(der: [UInt8]) throws(CryptographyError) {
    Calls.begin()
    let certificate = try Owned(Self.read(der), X509_free, "read a certificate")
    fields = try CertificateFields(certificate.pointer)
    pointer = certificate.take()
    self.der = der
    readAgain = Mutex(nil)
    issuedKey = nil
  }

  /// - Parameter certificate: a signed `X509` whose key was set by its bytes, which OpenSSL does not decode.
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

  /// Reads all certificates of a PEM text in order. Other documents and the text around them are skipped.
  /// - Throws: ``CryptographyError`` if the text or a certificate is damaged.
  package static func all(pem: [UInt8]) throws(CryptographyError) -> [Certificate] {
    var certificates: [Certificate] = []
    for document in try PEMDocument.all(in: pem) where document.label == label {
      certificates.append(try Certificate(der: document.bytes))
    }
    return certificates
  }

  /// The PEM text with a final newline.
  /// - Throws: ``CryptographyError`` if memory is exhausted.
  package func pem() throws(CryptographyError) -> String { try PEM.text(Self.label, der) }

  /// SHA-256 of ``der``, as `openssl x509 -fingerprint -sha256` shows it.
  package var fingerprint: [UInt8] { SHA256.hash(der) }

  /// The key of the subject.
  /// - Throws: ``CryptographyError``; ``CryptographyError/isOfUnknownKey`` tells an unsupported kind from damage.
  package var publicKey: PublicKey {
    get throws(CryptographyError) {
      if let issuedKey { return issuedKey }
      Calls.begin()
      return try PublicKey(reading: X509_get_X509_PUBKEY(pointer), "read a certificate's public key")
    }
  }

  /// The `X509` with a usable public key, for verification and TLS. It is valid during the lifetime of this value.
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

  /// Decodes, and lets OpenSSL fill its cache of the extensions before threads share the object.
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
