import Glibc

/// A file that is complete on the disk under a temporary name beside its final one.
struct StagedFile {
  let temporaryName: String
  let file: NewFile

  /// Writes the file under a name of its own. It never exists with more rights than its final mode: it is
  /// created with that mode, from which the umask can only take away, and set to it exactly before the first
  /// byte. The group's and others' rights wait until it belongs to whom it shall.
  /// - Parameter durably: whether it is on the disk when this returns.
  init(_ file: NewFile, in directory: borrowing OpenDirectory, durably: Bool = true) throws {
    self.file = file
    let path = directory.path(of: file.name)
    while true {
      let name = ".bulkhead-\(UInt64.random(in: .min ... .max)).tmp"
      let descriptor = openat(
        directory.descriptor, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
        file.owner == nil ? file.mode : file.mode & 0o700)
      if descriptor < 0 {
        if errno == EEXIST || errno == EINTR { continue }
        throw FileError(errno: errno, "write", path)
      }
      self.temporaryName = name
      defer { close(descriptor) }
      do {
        if let owner = file.owner, fchown(descriptor, owner.user, owner.group) != 0 {
          throw FileError(errno: errno, "set the owner of", path)
        }
        guard fchmod(descriptor, file.mode) == 0 else {
          throw FileError(errno: errno, "set the mode of", path)
        }
        try Self.write(file.bytes, to: descriptor, path: path)
        guard !durably || fsync(descriptor) == 0 else { throw FileError(errno: errno, "save", path) }
      } catch {
        unlinkat(directory.descriptor, name, 0)
        throw error
      }
      return
    }
  }

  /// Takes the final name, whoever had it before.
  func replace(in directory: borrowing OpenDirectory) throws {
    guard renameat(directory.descriptor, temporaryName, directory.descriptor, file.name) == 0 else {
      throw FileError(errno: errno, "write", directory.path(of: file.name))
    }
  }

  /// Takes the final name only if nobody has it.
  func claim(in directory: borrowing OpenDirectory) throws {
    guard linkat(directory.descriptor, temporaryName, directory.descriptor, file.name, 0) == 0 else {
      throw FileError(errno: errno, "create", directory.path(of: file.name))
    }
    discard(in: directory)
  }

  /// Removes the temporary name; nothing happens where it is gone already.
  func discard(in directory: borrowing OpenDirectory) {
    unlinkat(directory.descriptor, temporaryName, 0)
  }

  private static func write(_ bytes: [UInt8], to descriptor: Int32, path: String) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        throw FileError(errno: errno, "write", path)
      }
      rest = rest.dropFirst(count)
    }
  }
}
