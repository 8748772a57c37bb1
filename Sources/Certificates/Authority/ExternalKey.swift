import Cryptography
import Files
import Processes

/// A private key that another program has: of a hardware security module, a key management service, or Vault's engine
/// `transit`. The program gets the bytes to be signed on standard input and writes the signature to standard output: in
/// DER for ECDSA (with SHA-256 for P-256, SHA-384 for P-384), PKCS#1 v1.5 with SHA-256 for RSA.
struct ExternalKey: Sendable {
  /// The file beside `ca.crt` that names the program, in the place of `ca.key`: one word a line, the first an absolute
  /// path.
  static let file = "ca.signer"

  private static let limit: Duration = .seconds(60)
  /// A signature by an RSA key of 8192 bits has 1,024 bytes.
  private static let longest = 4_096

  let words: [String]
  /// A key of the same kind that only this process has: with it certificates are made, before the program signs them.
  let standIn: Cryptography.PrivateKey

  /// Reads the file in an authority's directory.
  /// - Returns: nil without one.
  /// - Throws: `FileError` or ``CertificatesError``.
  init?(in directory: String, for key: PublicKey) throws {
    let path = "\(directory)/\(Self.file)"
    guard let bytes = try FileContents.readIfPresent(path, limit: 1 << 16) else { return nil }
    // Its writer decides what this process runs.
    guard try FileContents.mode(of: path) & 0o022 == 0 else {
      throw CertificatesError(
        "others than its owner may write \(path)", hint: "chmod go-w \(path)")
    }
    let words = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).map(String.init)
    guard let program = words.first, program.hasPrefix("/") else {
      throw CertificatesError(
        "\(path) does not begin with the absolute path of a program",
        hint: "write one word a line: the program, then its arguments; no shell is used")
    }
    self.words = words
    standIn = try .generate(key.kind)
  }

  /// Has the program sign.
  /// - Throws: ``CertificatesError``.
  func signature(of bytes: [UInt8]) throws -> [UInt8] {
    let (status, output): (Int32, [UInt8])
    do {
      (status, output) = try ChildProcess.answering(
        words, input: bytes, limit: Self.longest, within: Self.limit)
    } catch {
      throw CertificatesError(
        "the program that signs, \(words[0]), cannot be started: \(error)",
        hint: "look at \(Self.file) beside ca.crt")
    }
    guard status == 0, !output.isEmpty else {
      throw CertificatesError(
        "the program that signs, \(words[0]), gave no signature: it ended with status \(status)",
        hint: "run it by hand with some bytes as its input")
    }
    return output
  }
}

extension Authority {
  /// Signs a certificate or a revocation list again with the authority's key, if another program has it.
  /// - Parameter der: the structure, signed with the key that stands in for it.
  func signedExternally(_ der: [UInt8]) throws -> [UInt8] {
    guard let external else { return der }
    return try SignatureReplacement.signed(der) { try external.signature(of: $0) }
  }

  /// Why what the program signed is not used.
  var wrongSignature: CertificatesError {
    CertificatesError(
      "the program that signs, \(external?.words.first ?? ""), gave a signature that is not the authority's",
      hint: "it needs the key of ca.crt; ECDSA signatures in DER, RSA signatures in PKCS#1 v1.5, with SHA-256"
    )
  }
}
