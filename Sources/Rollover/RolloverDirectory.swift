import Certificates
import Errors
import Files
import FoundationEssentials

/// The directory of an authority during a roll-over to a new authority.
///
/// The files in it determine the stage, so the roll-over can be interrupted and continued at any point:
///
/// | stage | `ca.crt` | `next/` | `previous/` | `trust.crt` |
/// |---|---|---|---|---|
/// | idle | the authority | | | |
/// | trustBoth | the old one | the new one | | both |
/// | reissue | the new one | | the old one | both |
/// | trustNew | the new one | | the old one | the new one |
package struct RolloverDirectory: Sendable {
  /// How far the roll-over is.
  package enum Stage: String, Codable, Sendable {
    /// No roll-over has begun.
    case idle
    /// The members must be made to trust both authorities.
    case trustBoth
    /// The clients must get certificates from the new authority.
    case reissue
    /// The members must be made to trust only the new authority.
    case trustNew
  }

  package let path: String
  /// The path of the bundle for `--trusted-ca-file` of the members.
  package var trust: String { "\(path)/trust.crt" }
  var next: String { "\(path)/next" }
  var previous: String { "\(path)/previous" }

  /// - Parameter path: The directory of the authority.
  package init(_ path: String) { self.path = path }

  /// - Throws: `FileError`.
  package func stage() throws -> Stage {
    // Where the certificate of `next` is in its place already, what is left is to delete `next`.
    if let new = try certificate(in: next), try certificate(in: path) != new { return .trustBoth }
    guard let old = try certificate(in: previous) else { return .idle }
    return try String(decoding: FileContents.read(trust), as: UTF8.self).contains(old) ? .reissue : .trustNew
  }

  /// Creates the new authority and the bundle of both. Nothing changes for the members until they are given
  /// the bundle.
  /// - Parameters:
  ///   - new: Must have another name than the old authority, so that the two cannot be confused.
  ///   - passphrase: Encrypts the new key.
  /// - Throws: ``RolloverRefusal`` or `FileError`.
  func begin(with new: Authority, passphrase: Passphrase?) throws {
    let old = try CertificateFacts(file: "\(path)/ca.crt")
    guard old.subject != new.facts.subject else {
      throw RolloverRefusal(
        "the new authority has the old one's name, \(old.subject)", hint: "give it another with --name")
    }
    let bundle = try FileContents.readText("\(path)/ca.crt") + new.certificatePEM
    try AtomicFile.write(Array(bundle.utf8), to: trust, mode: 0o644)
    try new.save(to: next, passphrase: passphrase)
  }

  /// Puts the new authority in the place of the old one. If it is interrupted, the next run completes it.
  /// - Throws: `FileError`.
  func promote() throws {
    if try certificate(in: previous) == nil {
      try Directory.create(previous, mode: 0o700)
      try AtomicFile.write(files(in: path), in: previous)
    }
    try AtomicFile.write(files(in: next), in: path)
    try removeNext()
  }

  /// Deletes what a promotion that was interrupted has left of `next`.
  /// - Throws: an error of the file manager.
  func removeNext() throws {
    guard FileManager.default.fileExists(atPath: next) else { return }
    try FileManager.default.removeItem(atPath: next)
  }

  /// Writes the bundle that contains only the new authority.
  /// - Throws: `FileError`.
  func trustNewOnly() throws {
    try AtomicFile.write(FileContents.read("\(path)/ca.crt"), to: trust, mode: 0o644)
  }

  /// Renames the folder of the old authority to `retired-` and the first 12 digits of its fingerprint.
  /// - Returns: The new path.
  /// - Throws: `FileError`.
  func retire() throws -> String {
    let fingerprint = try CertificateFacts(file: "\(previous)/ca.crt").fingerprint
    let retired = "\(path)/retired-\(fingerprint.prefix(12))"
    try FileManager.default.moveItem(atPath: previous, toPath: retired)
    return retired
  }

  private func certificate(in directory: String) throws -> String? {
    try FileContents.readIfPresent("\(directory)/ca.crt").map { String(decoding: $0, as: UTF8.self) }
  }

  /// The key first, in the order in which an authority is saved.
  private func files(in directory: String) throws -> [NewFile] {
    [
      NewFile(name: "ca.key", bytes: try FileContents.read("\(directory)/ca.key"), mode: 0o600),
      NewFile(name: "ca.crt", bytes: try FileContents.read("\(directory)/ca.crt"), mode: 0o644),
    ]
  }
}

/// Why a step of a roll-over is refused: the step before is not complete.
package struct RolloverRefusal: ExplainedError, Hashable, Sendable {
  package let description: String
  package let hint: String?

  init(_ description: String, hint: String) {
    self.description = description
    self.hint = hint
  }
}
