import Names

/// The name of a user's files, without `.crt` and `.key`.
///
/// A user name may contain any byte; ``FileName/encode(_:reserved:)`` makes a file name of it. The authority may be in
/// the same directory: the files of a user called `ca` are `%63a.crt` and `%63a.key`, not those of the authority.
package enum CredentialFileName {
  /// A file name has at most 255 bytes (NAME_MAX); the suffix needs four.
  private static let longest = 251

  /// - Throws: ``CertificatesError`` where the name would be too long for a file.
  package static func encode(_ user: String) throws -> String {
    try checked(FileName.encode(user, reserved: ["ca"]), of: user)
  }

  /// - Throws: ``CertificatesError`` where the name would be too long for a file.
  package static func checked(_ name: String, of user: String) throws -> String {
    guard !name.isEmpty, name.utf8.count <= longest else {
      throw CertificatesError(
        "the user name \"\(user)\" makes a file name of \(name.utf8.count) bytes, more than \(longest)",
        hint: "choose a shorter user name, or one in ASCII")
    }
    return name
  }
}
