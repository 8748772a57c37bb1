import Files

/// The passwords of users that log in with one: `USER.password` (0600) beside the certificates, one line
/// each.
///
/// A new password is first written to `USER.password.next`. So a change that is interrupted leaves both the
/// password that etcd had and the one that it may have now.
package struct PasswordDirectory: Sendable {
  package let path: String

  package init(_ path: String) {
    self.path = path
  }

  /// - Throws: ``CertificatesError`` where the user's name makes no file name.
  package func file(of user: String) throws -> String { "\(path)/\(try name(of: user))" }

  private func name(of user: String) throws -> String {
    try CredentialFileName.checked(try CredentialFileName.encode(user) + ".password", of: user)
  }

  private func nameOfNext(of user: String) throws -> String { try name(of: user) + ".next" }

  /// The current password; nil without one.
  /// - Throws: ``CertificatesError`` if others can read the file or it has no valid password; `FileError`.
  package func password(of user: String) throws -> String? { try read(name(of: user)) }

  /// The password of an unfinished change, which etcd may have; nil without one.
  /// - Throws: as ``password(of:)``.
  package func next(of user: String) throws -> String? { try read(nameOfNext(of: user)) }

  /// The passwords that may be valid: none, one, or two during an unfinished change.
  /// - Throws: as ``password(of:)``.
  package func candidates(of user: String) throws -> [String] {
    [try password(of: user), try next(of: user)].compactMap { $0 }
  }

  /// The current password, or a new one, which is on disk when this returns.
  /// - Throws: as ``password(of:)``.
  package func make(for user: String) throws -> String {
    try password(of: user) ?? create(name(of: user))
  }

  /// The new password for a change; that of an unfinished change, if there is one.
  /// - Throws: as ``password(of:)``.
  package func stage(for user: String) throws -> String {
    try next(of: user) ?? create(nameOfNext(of: user))
  }

  /// Completes a change after etcd has accepted the new password.
  /// - Throws: as ``password(of:)``.
  package func promote(_ user: String) throws {
    guard try next(of: user) != nil else { return }
    try AtomicFile.rename(nameOfNext(of: user), to: name(of: user), in: path)
  }

  /// Letters and digits only, so that no configuration file needs quotes. 40 of them have 238 bits; bcrypt
  /// reads 72 bytes.
  static func random() -> String {
    let characters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
    var random = SystemRandomNumberGenerator()
    return String((0..<40).map { _ in characters[Int.random(in: 0..<characters.count, using: &random)] })
  }

  /// If two processes create the same file at once, one succeeds and the other reads the first one's
  /// password.
  private func create(_ name: String) throws -> String {
    try Directory.create(path, mode: 0o700)
    let password = Self.random()
    do {
      try AtomicFile.create([NewFile(name: name, bytes: Array("\(password)\n".utf8), mode: 0o600)], in: path)
      return password
    } catch let error as FileError where error.kind == .exists {
      guard let first = try read(name) else { throw error }
      return first
    }
  }

  private func read(_ name: String) throws -> String? {
    let file = "\(path)/\(name)"
    guard let bytes = try FileContents.readIfPresent(file, limit: 4096) else { return nil }
    guard try FileContents.mode(of: file) & 0o077 == 0 else {
      throw CertificatesError(
        "\(file) is readable to others",
        hint: "chmod 600 it, and change the password: others may have read it")
    }
    let line = bytes.last == UInt8(ascii: "\n") ? bytes.dropLast() : bytes[...]
    guard (1...72).contains(line.count), line.allSatisfy({ (0x21...0x7e).contains($0) }) else {
      throw CertificatesError(
        "\(file) holds no password: one line of 1 to 72 visible characters of ASCII",
        hint: "delete it, and 'bulkhead apply' makes a new one")
    }
    return String(decoding: line, as: UTF8.self)
  }
}
