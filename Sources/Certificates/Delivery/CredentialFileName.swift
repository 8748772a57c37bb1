import Cryptography

/// The name of a user's files, without `.crt` and `.key`.
///
/// A user name may contain any byte. All bytes except `A-Z a-z 0-9 . _ -` are percent-encoded, and so is a
/// leading dot, so that a file cannot be outside of its directory or hidden. The authority may be in the same
/// directory: the files of a user called `ca` are `%63a.crt` and `%63a.key`, not those of the authority.
enum CredentialFileName {
  /// A file name has at most 255 bytes (NAME_MAX); the suffix needs four.
  private static let longest = 251

  /// - Throws: ``CertificatesError`` where the name would be too long for a file.
  static func encode(_ user: String) throws -> String {
    let isReserved = user == "ca"
    let name = user.utf8.enumerated().map { position, byte in
      let isPlain = Self.isPlain(byte) && !(position == 0 && (isReserved || byte == UInt8(ascii: ".")))
      return isPlain ? String(UnicodeScalar(byte)) : "%" + [byte].hexadecimal.uppercased()
    }.joined()
    return try checked(name, of: user)
  }

  /// - Throws: ``CertificatesError`` where the name would be too long for a file.
  static func checked(_ name: String, of user: String) throws -> String {
    guard !name.isEmpty, name.utf8.count <= longest else {
      throw CertificatesError(
        "the user name \"\(user)\" makes a file name of \(name.utf8.count) bytes, more than \(longest)",
        hint: "choose a shorter user name, or one in ASCII")
    }
    return name
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }
}
