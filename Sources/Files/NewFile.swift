import Glibc

/// A file to be: its name in a directory, its content, its exact mode and whose it is.
package struct NewFile: Sendable {
  package let name: String
  package let bytes: [UInt8]
  package let mode: mode_t
  /// Nil for whoever writes it, or has it already.
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
  ///   - owner: a name or a number; nil for the user that this process runs as.
  ///   - group: a name or a number; nil for the group that this process runs as.
  /// - Throws: ``FileError`` where the machine knows no such name.
  package init(owner: String?, group: String?) throws {
    user = try owner.map(Self.user) ?? geteuid()
    self.group = try group.map(Self.group) ?? getegid()
  }

  func owns(_ status: stat) -> Bool { status.st_uid == user && status.st_gid == group }

  private static func user(_ name: String) throws -> uid_t {
    if let number = uid_t(name) { return number }
    guard let entry = getpwnam(name) else { throw unknown("user", name) }
    return entry.pointee.pw_uid
  }

  private static func group(_ name: String) throws -> gid_t {
    if let number = gid_t(name) { return number }
    guard let entry = getgrnam(name) else { throw unknown("group", name) }
    return entry.pointee.gr_gid
  }

  private static func unknown(_ kind: String, _ name: String) -> FileError {
    FileError(
      .other, name, "there is no \(kind) \"\(name)\" on this machine",
      hint: "write its number, or make it first")
  }
}
