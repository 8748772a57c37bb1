import Cryptography
import Files

/// A certificate signing request (PKCS#10, RFC 2986) whose maker has the key: its own signature has been checked.
///
/// Of all that it says, two things are taken: the one Common Name and the public key. Extensions, other attributes
/// of the subject and the lifetime are the authority's to decide.
package struct CertificateRequest: Sendable {
  /// The name that it asks for.
  package let commonName: String
  let publicKey: PublicKey

  /// - Parameter source: where the text came from, for messages.
  /// - Throws: ``CertificatesError``.
  package init(pem: String, source: String = "the request") throws {
    let request = try PEMText(text: pem, source: source).certificateRequest()
    guard request.isSignedByItsKey else {
      throw CertificatesError(
        "the signature of \(source) is not that of its own key",
        hint: "make the request anew, with the key that the certificate is for")
    }
    let names = request.subject.commonNames
    guard names.count == 1, let name = names[0], !name.isEmpty else {
      throw CertificatesError(
        "\(source) has \(names.count == 1 ? "an empty or unclear" : "\(names.count)") Common Name\(names.count == 1 ? "" : "s")",
        hint: "make it with exactly one, as in openssl req -new -subj /CN=USER")
    }
    if case .rsa(let bits) = request.publicKey.kind, !(2048...8192).contains(bits) {
      throw CertificatesError(
        "\(source) has an RSA key of \(bits) bits", hint: "use 2048 to 8192 bits, or a P-256 key")
    }
    self.commonName = name
    self.publicKey = request.publicKey
  }

  /// - Throws: `FileError` or ``CertificatesError``.
  package init(file path: String) throws {
    try self.init(pem: FileContents.readText(path, limit: credentialFileLimit), source: path)
  }

  /// The field's name for the algorithm of its key.
  package var keyAlgorithm: String { "\(publicKey.kind)" }

  /// A new request for a user's certificate, signed with the key that it is for, in PEM.
  /// - Throws: ``CertificatesError`` where the name cannot be a client's.
  package static func make(for user: String, key: PrivateKey) throws -> String {
    let subject = try SubjectName(user: user, allowRoot: false)
    return try Cryptography.CertificateRequest(subject: subject.distinguishedName, key: key.key).pem()
  }
}
