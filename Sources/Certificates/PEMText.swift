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
  func privateKey() throws -> Certificate.PrivateKey {
    let keys = try documents().filter { $0.discriminator.hasSuffix("PRIVATE KEY") }
    guard let document = keys.first, keys.count == 1 else {
      throw CertificatesError(
        "\(source) holds \(keys.isEmpty ? "no private key" : "more than one private key")",
        hint: "give a PEM file with one key in PKCS#8, SEC1 or PKCS#1")
    }
    guard !document.discriminator.contains("ENCRYPTED") else { throw isEncrypted }
    do {
      return try Certificate.PrivateKey(pemDocument: document)
    } catch {
      throw CertificatesError(
        "\(source) holds a private key that is damaged or of an unknown kind",
        hint: "use RSA of 2048 bits or more, P-256, P-384, P-521 or Ed25519, in PKCS#8, SEC1 or PKCS#1")
    }
  }

  private var isEncrypted: CertificatesError {
    CertificatesError(
      "\(source) holds a private key protected by a passphrase",
      hint: "decrypt it first, as with openssl pkey -in")
  }
}

extension PEMSerializable {
  /// The value in PEM, with the newline at the end that files have.
  func pemText() throws -> String { try serializeAsPEM().pemString + "\n" }
}
