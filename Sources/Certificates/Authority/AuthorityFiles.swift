import Files
import FoundationEssentials

/// An authority on the disk: `ca.crt` (0644) and `ca.key` (0600) in a directory that only its owner enters.
extension Authority {
  static let certificateFile = "ca.crt"
  static let keyFile = "ca.key"

  /// Reads the authority of a directory.
  /// - Parameter passphrase: asked where the key is protected by one.
  /// - Throws: `FileError` where a file is missing or unreadable, ``CertificatesError`` where the two are no
  ///   authority that is valid now.
  package static func load(
    _ directory: String, now: Date, passphrase: PassphraseSource? = nil
  ) throws -> Authority {
    try importing(
      certificatePEM: FileContents.readText("\(directory)/\(certificateFile)", limit: credentialFileLimit),
      keyPEM: FileContents.readText("\(directory)/\(keyFile)", limit: credentialFileLimit),
      now: now, source: "the authority in \(directory)", passphrase: passphrase)
  }

  /// Writes the authority to a directory, which is made with mode 0700 if need be. An authority that is there
  /// is never overwritten; of several writers at once one succeeds.
  /// - Parameter passphrase: protects the key; nil leaves it to the file's mode.
  /// - Throws: `FileError`; of kind `exists` where the directory holds `ca.key` or `ca.crt`.
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

/// More than a certificate or a key file ever has: 1 MiB.
let credentialFileLimit = 1 << 20
