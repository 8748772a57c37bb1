import Files

/// The passwords of the users that log in with one: `USER.password` (0600) beside the certificates, one line each.
///
/// A password that is about to be changed is in `USER.password.next` first: whoever is stopped in between has both the
/// one that etcd knew and the one that it may know now.
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

  /// The password in use; nil if there is none yet.
  /// - Throws: ``CertificatesError`` where the file is readable to others or holds no password, or `FileError`.
  package func password(of user: String) throws -> String? { try read(name(of: user)) }

  /// The password that a change which was not finished may have given to etcd; nil if none was begun.
  /// - Throws: as ``password(of:)``.
  package func next(of user: String) throws -> String? { try read(nameOfNext(of: user)) }

  /// Each password that may be the user's: of none, one, or two while a change is not finished.
  /// - Throws: as ``password(of:)``.
  package func candidates(of user: String) throws -> [String] {
    [try password(of: user), try next(of: user)].compactMap { $0 }
  }

  /// The password in use, or a new one that is on the disk when this returns.
  /// - Throws: as ``password(of:)``.
  package func make(for user: String) throws -> String {
    try password(of: user) ?? create(name(of: user))
  }

  /// A new password for a change; that of one which was begun and not finished.
  /// - Throws: as ``password(of:)``.
  package func stage(for user: String) throws -> String {
    try next(of: user) ?? create(nameOfNext(of: user))
  }

  /// Ends a change: etcd knows the new password.
  /// - Throws: as ``password(of:)``.
  package func promote(_ user: String) throws {
    guard try next(of: user) != nil else { return }
    try AtomicFile.rename(nameOfNext(of: user), to: name(of: user), in: path)
  }

  /// Letters and digits only, so that it needs quotes in no file of anybody's. 40 of them have 238 bits; bcrypt takes
  /// 72 bytes.
  static func random() -> String {
    let characters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
    var random = SystemRandomNumberGenerator()
    return String((0..<40).map { _ in characters[Int.random(in: 0..<characters.count, using: &random)] })
  }

  /// Of two who create the same file at once, one does and the other takes what the first wrote.
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
