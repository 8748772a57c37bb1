import Glibc

/// A file to write: its name in a directory, its content, its exact mode and its owner.
package struct NewFile: Sendable {
  package let name: String
  package let bytes: [UInt8]
  package let mode: mode_t
  /// nil for the user that writes the file; a file with the same content and mode keeps its owner then.
  package let owner: FileOwner?

  package init(name: String, bytes: [UInt8], mode: mode_t, owner: FileOwner? = nil) {
    self.name = name
    self.bytes = bytes
    self.mode = mode
    self.owner = owner
  }
}

/// A user and a group of this machine.
package struct FileOwner: Hashable, Sendable {
  let user: uid_t
  let group: gid_t

  /// - Parameters:
  ///   - owner: A name or a number; nil for the user that this process runs as.
  ///   - group: A name or a number; nil for the group that this process runs as.
  /// - Throws: ``FileError`` if the machine has no user or group of this name.
  package init(owner: String?, group: String?) throws {
    user = try owner.map(Self.user) ?? geteuid()
    self.group = try group.map(Self.group) ?? getegid()
  }

  /// Whether a user is root or the one of this process.
  package static func isTrusted(_ user: uid_t) -> Bool { user == 0 || user == geteuid() }

  func owns(_ status: stat) -> Bool { status.st_uid == user && status.st_gid == group }

  /// The number of a user.
  /// - Parameter name: A name or a number.
  /// - Throws: ``FileError`` if the machine has no user of this name.
  package static func user(_ name: String) throws -> uid_t {
    if let number = uid_t(name) { return number }
    guard let entry = getpwnam(name) else { throw unknown("user", name) }
    return entry.pointee.pw_uid
  }

  /// The number of a group.
  /// - Parameter name: A name or a number.
  /// - Throws: ``FileError`` if the machine has no group of this name.
  package static func group(_ name: String) throws -> gid_t {
    if let number = gid_t(name) { return number }
    guard let entry = getgrnam(name) else { throw unknown("group", name) }
    return entry.pointee.gr_gid
  }

  private static func unknown(_ kind: String, _ name: String) -> FileError {
    FileError(
      .other, name, "the \(kind) \"\(name)\" does not exist on this machine",
      hint: "write its number, or make it first")
  }
}
