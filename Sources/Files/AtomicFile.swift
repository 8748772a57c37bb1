import Glibc

/// Writing files so that a reader finds the old one or the new one and never a part, through a crash of the
/// machine as well, and so that a secret is never readable by others, not for an instant.
///
/// A symbolic link at the target is replaced; what it points to stays as it is. A target that is no regular
/// file (a directory, a device, a pipe) is refused. A failed write leaves nothing behind; only SIGKILL or a
/// power cut can leave a `.bulkhead-*.tmp` with the file's own mode.
package enum AtomicFile {
  /// Writes one file.
  /// - Returns: false where the file had this content and mode already and was left untouched.
  /// - Throws: ``FileError``.
  @discardableResult
  package static func write(_ bytes: [UInt8], to path: String, mode: mode_t = 0o600) throws -> Bool {
    let target = try FilePath(path)
    return try write([NewFile(name: target.name, bytes: bytes, mode: mode)], in: target.directory)
  }

  /// Writes files that belong together, such as a key and its certificate: all are complete on the disk
  /// before the first takes its name, they take their names one straight after the other in the order given,
  /// and two writers at once never leave one's key with the other's certificate.
  /// - Parameter durably: false for what can be made again: thousands of files then do not wait for the disk one after
  ///   the other, and a power cut may leave them empty.
  /// - Returns: false where all had this content, mode and owner already and were left untouched.
  /// - Throws: ``FileError``.
  @discardableResult
  package static func write(_ files: [NewFile], in directory: String, durably: Bool = true) throws -> Bool {
    let directory = try OpenDirectory(directory)
    var isChange = false
    for file in files where try !isPresent(file, in: directory) { isChange = true }
    guard isChange else { return false }

    try withStaged(files, in: directory, durably: durably) { staged in
      directory.lock()
      for file in staged { try file.replace(in: directory) }
    }
    return true
  }

  /// Creates files that belong together and must not exist: all of them or none. Of several writers at once
  /// one succeeds.
  /// - Throws: ``FileError``; of kind `exists` where one of the names is taken.
  package static func create(_ files: [NewFile], in directory: String) throws {
    let directory = try OpenDirectory(directory)
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

  /// Gives a file of a directory another name there, whoever had that before.
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

  /// Stages all files, lets `commit` give them their names, and removes whatever temporary names are left.
  private static func withStaged(
    _ files: [NewFile], in directory: borrowing OpenDirectory, durably: Bool = true,
    commit: ([StagedFile]) throws -> Void
  ) throws {
    var staged: [StagedFile] = []
    defer { for file in staged { file.discard(in: directory) } }
    for file in files {
      _ = try FilePath.checked(file.name)
      staged.append(try StagedFile(file, in: directory, durably: durably))
    }
    try commit(staged)
    if durably { try directory.synchronize() }
  }

  /// Whether the file is there with this content, mode and owner.
  /// - Throws: ``FileError`` where the name belongs to something that must not be replaced.
  static func isPresent(_ file: NewFile, in directory: borrowing OpenDirectory) throws -> Bool {
    let name = try FilePath.checked(file.name)
    let path = directory.path(of: name)
    if let target = try directory.status(of: name, followingLinks: true), target.st_mode & S_IFMT != S_IFREG {
      if target.st_mode & S_IFMT == S_IFDIR { throw FileError(errno: EISDIR, "write", path) }
      throw FileError(
        .notRegularFile, path, "cannot write \(path): it is no regular file",
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
