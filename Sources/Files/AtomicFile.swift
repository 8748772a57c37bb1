import Glibc

/// Writes files atomically: a reader finds the old file or the new one and never a part of it, even after a
/// crash of the machine, and a secret is at no moment readable by others.
///
/// A symbolic link at the target is replaced; the file that it points to stays unchanged. A target that is
/// not a regular file (a directory, a device, a pipe) is refused. A failed write leaves nothing behind; only
/// SIGKILL or a power cut can leave a `.bulkhead-*.tmp` with the final mode of the file. A later process removes
/// it with its first write to that directory.
package enum AtomicFile {
  /// Writes one file.
  /// - Returns: false if the file had this content and mode already; nothing was written then.
  /// - Throws: ``FileError``.
  @discardableResult
  package static func write(_ bytes: [UInt8], to path: String, mode: mode_t = 0o600) throws -> Bool {
    let target = try FilePath(path)
    return try write([NewFile(name: target.name, bytes: bytes, mode: mode)], in: target.directory)
  }

  /// Writes files that belong together, such as a key and its certificate. All are complete on the disk
  /// before the first is renamed to its final name; they are renamed one directly after the other in the
  /// order given; and two concurrent writers never leave the key of one with the certificate of the other.
  /// - Parameter durably: false for files that can be written again: thousands of files then do not wait for
  ///   the disk one after the other, and a power cut may leave them empty.
  /// - Returns: false if all had this content, mode and owner already; nothing was written then.
  /// - Throws: ``FileError``.
  @discardableResult
  package static func write(_ files: [NewFile], in directory: String, durably: Bool = true) throws -> Bool {
    try write(files, in: OpenDirectory(directory), durably: durably)
  }

  /// Writes files that belong together to a directory of another program, which is created with mode 0755 if it
  /// does not exist. Links of other users are not followed, and a directory that others may write is refused.
  /// - Returns: false if all had this content, mode and owner already; nothing was written then.
  /// - Throws: ``FileError``.
  @discardableResult
  package static func write(_ files: [NewFile], inTrusted directory: String) throws -> Bool {
    let directory = try OpenDirectory.trusted(directory, creating: 0o755)
    try directory.checkIsOurs()
    return try write(files, in: directory)
  }

  @discardableResult
  static func write(
    _ files: [NewFile], in directory: borrowing OpenDirectory, durably: Bool = true
  ) throws -> Bool {
    var isChange = false
    for file in files where try !isPresent(file, in: directory) { isChange = true }
    guard isChange else { return false }

    try withStaged(files, in: directory, durably: durably) { staged in
      directory.lock()
      for file in staged { try file.replace(in: directory) }
    }
    return true
  }

  /// Creates files that belong together and must not exist: all of them or none. Of several concurrent
  /// writers one succeeds.
  /// - Throws: ``FileError``; of kind `exists` if one of the names is taken.
  package static func create(_ files: [NewFile], in directory: String) throws {
    try create(files, in: OpenDirectory(directory))
  }

  static func create(_ files: [NewFile], in directory: borrowing OpenDirectory) throws {
    try withStaged(files, in: directory) { staged in
      directory.lock()
      var claimed: [String] = []
      do {
        for file in staged {
          try file.claim(in: directory)
          claimed.append(file.file.name)
        }
      } catch {
        for name in claimed { unlinkat(directory.descriptor, name, 0) }
        throw error
      }
    }
  }

  /// Renames a file within its directory, and replaces a file that has the new name.
  /// - Throws: ``FileError``.
  package static func rename(_ name: String, to newName: String, in directory: String) throws {
    let directory = try OpenDirectory(directory)
    directory.lock()
    let (name, newName) = (try FilePath.checked(name), try FilePath.checked(newName))
    guard renameat(directory.descriptor, name, directory.descriptor, newName) == 0 else {
      throw FileError(errno: errno, "rename", directory.path(of: name))
    }
    try directory.synchronize()
  }

  /// Stages all files, calls `commit` to give them their final names, and removes the temporary names that
  /// are left.
  private static func withStaged(
    _ files: [NewFile], in directory: borrowing OpenDirectory, durably: Bool = true,
    commit: ([StagedFile]) throws -> Void
  ) throws {
    Leftovers.remove(in: directory)
    var staged: [StagedFile] = []
    defer { for file in staged { file.discard(in: directory) } }
    for file in files {
      _ = try FilePath.checked(file.name)
      staged.append(try StagedFile(file, in: directory, durably: durably))
    }
    try commit(staged)
    if durably { try directory.synchronize() }
  }

  /// Whether the file exists with this content, mode and owner.
  /// - Throws: ``FileError`` if the name belongs to something that must not be replaced.
  static func isPresent(_ file: NewFile, in directory: borrowing OpenDirectory) throws -> Bool {
    let name = try FilePath.checked(file.name)
    let path = directory.path(of: name)
    if let target = try directory.status(of: name, followingLinks: true), target.st_mode & S_IFMT != S_IFREG {
      if target.st_mode & S_IFMT == S_IFDIR { throw FileError(errno: EISDIR, "write", path) }
      throw FileError(
        .notRegularFile, path, "cannot write \(path): it is not a regular file",
        hint: "name a file, or use standard output")
    }
    guard let status = try directory.status(of: name, followingLinks: false),
      status.st_mode & (S_IFMT | 0o7777) == S_IFREG | file.mode, Int(status.st_size) == file.bytes.count,
      file.owner?.owns(status) ?? true
    else { return false }

    let descriptor = openat(directory.descriptor, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return try FileContents.read(descriptor: descriptor, path: path, limit: .max) == file.bytes
  }
}
