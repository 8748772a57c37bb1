import Certificates
import Files
import Foundation

/// An authority's directory while a new authority takes its place.
///
/// What is there says how far the roll-over is, so it can be stopped anywhere and gone on with:
///
/// | stage | `ca.crt` | `next/` | `previous/` | `trust.crt` |
/// |---|---|---|---|---|
/// | idle | the authority | | | |
/// | trustBoth | the old one | the new one | | both |
/// | reissue | the new one | | the old one | both |
/// | trustNew | the new one | | the old one | the new one |
package struct RolloverDirectory: Sendable {
  package enum Stage: String, Codable, Sendable {
    /// No roll-over is under way.
    case idle
    /// The members are to trust both authorities.
    case trustBoth
    /// The clients are to use certificates of the new one.
    case reissue
    /// The members are to trust the new one only.
    case trustNew
  }

  package let path: String
  package var trust: String { "\(path)/trust.crt" }
  var next: String { "\(path)/next" }
  var previous: String { "\(path)/previous" }

  package init(_ path: String) { self.path = path }

  /// - Throws: `FileError`.
  package func stage() throws -> Stage {
    if try certificate(in: next) != nil { return .trustBoth }
    guard let old = try certificate(in: previous) else { return .idle }
    return try String(decoding: FileContents.read(trust), as: UTF8.self).contains(old) ? .reissue : .trustNew
  }

  /// Makes the new authority and the bundle of both. The members trust neither more nor less until the bundle is
  /// given to them.
  /// - Parameters:
  ///   - new: must have another name than the old one, so that nobody confounds them.
  ///   - passphrase: protects the new key.
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

  /// Puts the new authority in the old one's place. Whatever stops it, the next run finishes it.
  /// - Throws: `FileError`.
  func promote() throws {
    if try certificate(in: previous) == nil {
      try Directory.create(previous, mode: 0o700)
      try AtomicFile.write(files(in: path), in: previous)
    }
    try AtomicFile.write(files(in: next), in: path)
    try FileManager.default.removeItem(atPath: next)
  }

  /// Makes the bundle that holds the new authority alone.
  /// - Throws: `FileError`.
  func trustNewOnly() throws {
    try AtomicFile.write(FileContents.read("\(path)/ca.crt"), to: trust, mode: 0o644)
  }

  /// Puts the old authority aside, under the first digits of its fingerprint.
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

  /// The key first, as an authority is written.
  private func files(in directory: String) throws -> [NewFile] {
    [
      NewFile(name: "ca.key", bytes: try FileContents.read("\(directory)/ca.key"), mode: 0o600),
      NewFile(name: "ca.crt", bytes: try FileContents.read("\(directory)/ca.crt"), mode: 0o644),
    ]
  }
}

/// Why a step of a roll-over is not taken: the step before is not complete.
package struct RolloverRefusal: Error, Hashable, Sendable, CustomStringConvertible {
  package let description: String
  package let hint: String

  init(_ description: String, hint: String) {
    self.description = description
    self.hint = hint
  }
}
