import Cryptography

/// Text with PEM documents (RFC 7468) and possibly other text around them, as `openssl` writes it.
///
/// Errors never contain the parser's own message: for a broken file it quotes the file, which may contain a
/// key.
package struct PEMText {
  let text: String
  /// The origin of the text, for messages: a path or "the certificate".
  let source: String

  /// - Parameter source: the origin of the text, for messages: a path or "the certificate".
  package init(text: String, source: String) {
    self.text = text
    self.source = source
  }

  /// All documents, with any label.
  /// - Throws: ``CertificatesError``.
  package func documents() throws -> [PEMDocument] {
    do {
      // Lent, because it may be a private key, of which an array would be another copy.
      var text = text
      return try text.withUTF8 { try PEMDocument.all(in: UnsafeRawBufferPointer($0)) }
    } catch {
      if text.contains("ENCRYPTED") { throw isEncrypted }
      throw CertificatesError(
        "\(source) is not well-formed PEM", hint: "check that the file is complete and in PEM, not in DER")
    }
  }

  /// All certificates, at least one.
  /// - Throws: ``CertificatesError``.
  package func certificates() throws -> [Certificate] {
    let documents = try documents().filter { $0.label == Certificate.label }
    guard !documents.isEmpty else {
      throw CertificatesError(
        "\(source) holds no certificate", hint: "give a PEM file with a -----BEGIN CERTIFICATE----- line")
    }
    return try documents.map(certificate)
  }

  private func certificate(_ document: PEMDocument) throws -> Certificate {
    do {
      let certificate = try Certificate(der: document.bytes)
      let key = try certificate.publicKey
      if case .rsa(let bits) = key.kind, bits < 2048 { throw WeakKey() }
      guard certificate.hasKnownSignatureAlgorithm else { throw unknownAlgorithm }
      return certificate
    } catch let error as CryptographyError where error.isOfUnknownKey {
      throw unknownAlgorithm
    } catch let error as CertificatesError {
      throw error
    } catch {
      throw CertificatesError(
        "\(source) holds a damaged certificate", hint: "look at it with openssl x509 -text, or issue it again"
      )
    }
  }

  private var unknownAlgorithm: CertificatesError {
    CertificatesError(
      "\(source) holds a certificate with an unknown key or signature algorithm",
      hint: "use RSA, P-256, P-384, P-521 or Ed25519")
  }

  /// The one private key.
  /// - Throws: ``CertificatesError``.
  package func privateKey(passphrase: PassphraseSource? = nil) throws -> Cryptography.PrivateKey {
    let keys = try documents().filter { $0.label.hasSuffix("PRIVATE KEY") }
    guard let document = keys.first, keys.count == 1 else {
      throw CertificatesError(
        "\(source) holds \(keys.isEmpty ? "no private key" : "more than one private key")",
        hint: "give a PEM file with one key in PKCS#8, SEC1 or PKCS#1")
    }
    if document.hasHeaders { throw isEncrypted }
    if document.label == ProtectedKey.label {
      guard let passphrase else { throw isEncrypted }
      return try open(document, with: passphrase)
    }
    do {
      guard let form = PrivateKeyForm(rawValue: document.label) else { throw WeakKey() }
      let key = try Cryptography.PrivateKey(der: document.contents, form: form)
      if case .rsa(let bits) = key.kind, bits < 2048 { throw WeakKey() }
      return key
    } catch {
      throw CertificatesError(
        "\(source) holds a private key that is damaged or of an unknown kind",
        hint: "use RSA of 2048 bits or more, P-256, P-384, P-521 or Ed25519, in PKCS#8, SEC1 or PKCS#1")
    }
  }

  private func open(
    _ document: PEMDocument, with passphrase: PassphraseSource
  ) throws -> Cryptography.PrivateKey {
    let protected: ProtectedKey
    do {
      protected = try ProtectedKey(der: document.bytes)
    } catch {
      throw CertificatesError(
        "\(source) holds a protected private key that is damaged or protected in an unknown way",
        hint: "convert it with openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256")
    }
    if case .guessable(let scheme) = protected.weakness {
      throw CertificatesError(
        "the passphrase of \(source) is protected only by \(scheme): a holder of the file can guess it",
        hint: Self.betterProtection)
    }
    let passphrase = try passphrase(source)
    do {
      return try protected.key(passphrase: passphrase.bytes)
    } catch {
      throw CertificatesError(
        "the passphrase of \(source) is wrong, or the key is damaged or of an unknown kind",
        hint: "try it with openssl pkey -noout -in")
    }
  }

  package static let betterProtection =
    "protect it again: openssl pkcs8 -topk8 -in ca.key -out new.key -v2prf hmacWithSHA256 -iter 600000"

  /// How the passphrase of the one key is protected, if that is too little against guessing; nil otherwise, and if the
  /// key has no passphrase.
  package var weakProtection: String? {
    guard let document = try? documents().first(where: { $0.label == ProtectedKey.label }),
      case .weak(let scheme)? = try? ProtectedKey(der: document.bytes).weakness
    else { return nil }
    return scheme
  }

  /// The one certificate signing request.
  /// - Throws: ``CertificatesError``.
  package func certificateRequest() throws -> Cryptography.CertificateRequest {
    let kinds = [Cryptography.CertificateRequest.label, Cryptography.CertificateRequest.oldLabel]
    let requests = try documents().filter { kinds.contains($0.label) }
    guard let document = requests.first, requests.count == 1 else {
      throw CertificatesError(
        "\(source) holds \(requests.isEmpty ? "no certificate request" : "more than one certificate request")",
        hint: "give a PEM file with one -----BEGIN CERTIFICATE REQUEST----- line")
    }
    do {
      return try Cryptography.CertificateRequest(der: document.bytes)
    } catch {
      throw CertificatesError(
        "\(source) holds a certificate request that is damaged or has an unknown kind of key",
        hint: "look at it with openssl req -text; use RSA, P-256, P-384, P-521 or Ed25519")
    }
  }

  private var isEncrypted: CertificatesError {
    CertificatesError(
      "\(source) holds a private key protected by a passphrase",
      hint:
        "give the passphrase; a key in the old format (Proc-Type) must be decrypted first with openssl pkey")
  }
}

/// A key that is too short or in an unsupported form. The caller reports it in its own words.
private struct WeakKey: Error {}

/// The size limit for certificate and key files: 1 MiB.
package let credentialFileLimit = 1 << 20
