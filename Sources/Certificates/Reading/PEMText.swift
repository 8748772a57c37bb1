import FoundationEssentials
import SwiftASN1
import X509

/// Text that should hold PEM documents (RFC 7468), with other text around them as `openssl` writes it.
///
/// The parser's own words never become part of an error: for a broken file they quote it, and it may hold a
/// key.
struct PEMText {
  let text: String
  /// Where the text came from, for messages: a path or "the certificate".
  let source: String

  func documents() throws -> [PEMDocument] {
    do {
      return try PEMDocument.parseMultiple(pemString: text)
    } catch {
      if text.contains("ENCRYPTED") { throw isEncrypted }
      throw CertificatesError(
        "\(source) is not well-formed PEM", hint: "check that the file is complete and in PEM, not in DER")
    }
  }

  /// All certificates, at least one.
  func certificates() throws -> [Certificate] {
    let documents = try documents().filter { $0.discriminator == Certificate.defaultPEMDiscriminator }
    guard !documents.isEmpty else {
      throw CertificatesError(
        "\(source) holds no certificate", hint: "give a PEM file with a -----BEGIN CERTIFICATE----- line")
    }
    return try documents.map(certificate)
  }

  private func certificate(_ document: PEMDocument) throws -> Certificate {
    do {
      return try Certificate(pemDocument: document)
    } catch let error as CertificateError
      where [.unsupportedPublicKeyAlgorithm, .unsupportedSignatureAlgorithm].contains(error.code)
    {
      throw CertificatesError(
        "\(source) holds a certificate with an unknown key or signature algorithm",
        hint: "use RSA, P-256, P-384, P-521 or Ed25519")
    } catch {
      throw CertificatesError(
        "\(source) holds a damaged certificate", hint: "look at it with openssl x509 -text, or issue it again"
      )
    }
  }

  /// The one private key.
  func privateKey(passphrase: PassphraseSource? = nil) throws -> Certificate.PrivateKey {
    let keys = try documents().filter { $0.discriminator.hasSuffix("PRIVATE KEY") }
    guard let document = keys.first, keys.count == 1 else {
      throw CertificatesError(
        "\(source) holds \(keys.isEmpty ? "no private key" : "more than one private key")",
        hint: "give a PEM file with one key in PKCS#8, SEC1 or PKCS#1")
    }
    if document.discriminator == EncryptedKey.defaultPEMDiscriminator {
      guard let passphrase else { throw isEncrypted }
      return try EncryptedKey(document, source: source).key(passphrase: passphrase(source), source: source)
    }
    do {
      return try Certificate.PrivateKey(pemDocument: document)
    } catch {
      throw CertificatesError(
        "\(source) holds a private key that is damaged or of an unknown kind",
        hint: "use RSA of 2048 bits or more, P-256, P-384, P-521 or Ed25519, in PKCS#8, SEC1 or PKCS#1")
    }
  }

  /// The one certificate signing request.
  func certificateRequest() throws -> CertificateSigningRequest {
    let kinds = [CertificateSigningRequest.defaultPEMDiscriminator, "NEW CERTIFICATE REQUEST"]
    let requests = try documents().filter { kinds.contains($0.discriminator) }
    guard let document = requests.first, requests.count == 1 else {
      throw CertificatesError(
        "\(source) holds \(requests.isEmpty ? "no certificate request" : "more than one certificate request")",
        hint: "give a PEM file with one -----BEGIN CERTIFICATE REQUEST----- line")
    }
    do {
      return try CertificateSigningRequest(derEncoded: document.derBytes)
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

extension PEMSerializable {
  /// The value in PEM, with the newline at the end that files have.
  func pemText() throws -> String { try serializeAsPEM().text }
}

extension PEMDocument {
  /// The document as it stands in a file. `pemString` comes to the same but for the last newline, and takes several
  /// times as long.
  var text: String {
    let lines = Data(derBytes).base64EncodedString(
      options: [.lineLength64Characters, .endLineWithLineFeed])
    return "-----BEGIN \(discriminator)-----\n\(lines)\n-----END \(discriminator)-----\n"
  }
}
