import Cryptography
import Files
import FoundationEssentials

/// An authority on disk: `ca.crt` (0644) and `ca.key` (0600) in a directory with mode 0700. In the place of `ca.key`,
/// `ca.signer` may name a program that has the key: see ``ExternalKey``.
extension Authority {
  static let certificateFile = "ca.crt"
  static let keyFile = "ca.key"

  /// Reads the authority in a directory.
  /// - Parameter passphrase: called if the key is encrypted.
  /// - Throws: `FileError` if a file is missing or unreadable, or other users may replace what is in the
  ///   directory; ``CertificatesError`` if the files are not an authority that is valid now.
  package static func load(
    _ directory: String, now: Date, passphrase: PassphraseSource? = nil
  ) throws -> Authority {
    try checkFolder(directory)
    let certificatePEM = try FileContents.readRegularText(
      "\(directory)/\(certificateFile)", limit: credentialFileLimit)
    let source = "the authority in \(directory)"
    if try FileContents.readRegularIfPresent("\(directory)/\(keyFile)", limit: credentialFileLimit) == nil,
      let certificate = try? PEMText(text: certificatePEM, source: source).certificates().first,
      let external = try ExternalKey(in: directory, for: certificate.publicKey)
    {
      return try Authority(certificatePEM: certificatePEM, external: external, now: now, source: source)
    }
    return try importing(
      certificatePEM: certificatePEM,
      keyPEM: FileContents.readSecretText(
        "\(directory)/\(keyFile)", limit: credentialFileLimit, groupMayRead: false),
      now: now, source: source, passphrase: passphrase)
  }

  /// Refuses a folder that belongs to another user or that other users may write: they could replace the
  /// authority, remove revocations or put back an old ledger.
  static func checkFolder(_ directory: String) throws {
    try Directory.checkIsOurs(
      directory,
      hint: "run this as that user; or, if nothing in it was changed, give the folder to this user with chown"
    )
  }

  /// Writes the authority to a directory and creates the directory with mode 0700 if needed. An existing
  /// authority is never overwritten; of several concurrent writers one succeeds.
  /// - Parameter passphrase: encrypts the key; nil for an unencrypted key with mode 0600.
  /// - Throws: `FileError`; its kind is `exists` if the directory has a `ca.key` or `ca.crt`.
  package func save(to directory: String, passphrase: Passphrase? = nil) throws {
    try Directory.create(directory, mode: 0o700)
    try AtomicFile.create(
      [
        NewFile(
          name: Self.keyFile,
          bytes: Array((try passphrase.map(key.secretPEM(protectedBy:)) ?? key.secretPEM()).utf8), mode: 0o600
        ),
        NewFile(name: Self.certificateFile, bytes: Array(certificatePEM.utf8), mode: 0o644),
      ], in: directory)
  }
}
