import Glibc

/// A file that is complete on the disk under a temporary name in its final directory.
struct StagedFile {
  static let prefix = ".bulkhead-"
  static let suffix = ".tmp"

  let temporaryName: String
  let file: NewFile

  /// Writes the file under a random temporary name. The file never has more permissions than its final mode:
  /// it is created with that mode, which the umask can only narrow, and set to it exactly before the first
  /// byte is written. If it gets another owner, the permissions of group and others are added after the
  /// change of owner.
  /// - Parameter durably: Whether to return only when the file is on the disk.
  init(_ file: NewFile, in directory: borrowing OpenDirectory, durably: Bool = true) throws {
    self.file = file
    let path = directory.path(of: file.name)
    while true {
      let name = "\(Self.prefix)\(UInt64.random(in: .min ... .max))\(Self.suffix)"
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

  /// Renames the file to its final name, and replaces a file that has it.
  func replace(in directory: borrowing OpenDirectory) throws {
    guard renameat(directory.descriptor, temporaryName, directory.descriptor, file.name) == 0 else {
      throw FileError(errno: errno, "write", directory.path(of: file.name))
    }
  }

  /// Gives the file its final name; fails with `exists` if the name is taken.
  func claim(in directory: borrowing OpenDirectory) throws {
    guard linkat(directory.descriptor, temporaryName, directory.descriptor, file.name, 0) == 0 else {
      throw FileError(errno: errno, "create", directory.path(of: file.name))
    }
    discard(in: directory)
  }

  /// Removes the temporary name, if it still exists.
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
