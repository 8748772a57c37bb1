import Cryptography
import Files

/// A certificate signing request (PKCS#10, RFC 2986). Its signature has been checked, so its maker has the
/// key.
///
/// Only the name and the public key are used. The authority decides extensions, other attributes of
/// the subject and the lifetime.
package struct CertificateRequest: Sendable {
  /// The requested name: the only Common Name, or without one the only organizational unit, if that is the name of a
  /// certificate without a Common Name.
  package let name: String
  package let publicKey: PublicKey

  /// - Parameter source: the origin of the text, for messages.
  /// - Throws: ``CertificatesError``.
  package init(pem: String, source: String = "the request") throws {
    let request = try PEMText(text: pem, source: source).certificateRequest()
    guard request.isSignedByItsKey else {
      throw CertificatesError(
        "the signature of \(source) is not that of its own key",
        hint: "make another request, with the key that the certificate is for")
    }
    guard !request.isSignedWithBrokenDigest else {
      throw CertificatesError(
        "\(source) is signed with MD5 or SHA-1", hint: "sign it with SHA-256: openssl req -sha256")
    }
    let names = request.subject.commonNames
    let only = names.count == 1 ? names[0] : request.subject.transportName
    guard let name = only, !name.isEmpty else {
      throw CertificatesError(
        "\(source) has \(names.count == 1 ? "an empty or unclear" : "\(names.count)") Common Name\(names.count == 1 ? "" : "s")",
        hint: "make it with exactly one, as in openssl req -new -subj /CN=USER")
    }
    if case .rsa(let bits) = request.publicKey.kind, !(2048...8192).contains(bits) {
      throw CertificatesError(
        "\(source) has an RSA key of \(bits) bits", hint: "use 2048 to 8192 bits, or a P-256 key")
    }
    // Small exponents have made attacks possible; each program of today makes 65537 (RFC 8017, section 3.1).
    if case .rsa = request.publicKey.kind, request.publicKey.exponent.map({ $0 < 65_537 }) ?? false {
      throw CertificatesError(
        "\(source) has an RSA key with a small public exponent", hint: "make a key with the exponent 65537")
    }
    guard !request.publicKey.hasFactorableForm else {
      throw CertificatesError(
        "\(source) has an RSA key that can be factored (CVE-2017-15361)",
        hint: "make another key, not with the smart card or TPM that made this one")
    }
    self.name = name
    self.publicKey = request.publicKey
  }

  /// - Throws: `FileError` or ``CertificatesError``.
  package init(file path: String) throws {
    try self.init(pem: FileContents.readText(path, limit: credentialFileLimit), source: path)
  }

  /// The usual name of its key's algorithm: "P-256", "RSA 2048".
  package var keyAlgorithm: String { "\(publicKey.kind)" }

  /// Makes a request for a client's certificate in PEM, signed with the given key.
  /// - Throws: ``CertificatesError`` if the name cannot be that of a client.
  package static func make(for user: String, key: PrivateKey) throws -> String {
    let subject = try SubjectName(client: user, allowRoot: false)
    return try Cryptography.CertificateRequest(subject: subject.distinguishedName, key: key.key).pem()
  }
}
