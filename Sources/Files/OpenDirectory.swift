import Glibc

/// An open directory. Names are looked up in the descriptor and not by path, so all steps of a write use the
/// same directory even if the path changes.
struct OpenDirectory: ~Copyable {
  let path: String
  let descriptor: Int32

  init(_ path: String) throws {
    try FilePath.refuseNUL(path)
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(errno: errno, "open the directory", path) }
    self.path = path
    self.descriptor = descriptor
  }

  /// Opens a directory in another one, and follows no symbolic link.
  init(_ name: String, in parent: borrowing OpenDirectory) throws {
    let path = parent.path(of: name)
    let descriptor = openat(
      parent.descriptor, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(errno: errno, "open the directory", path) }
    self.path = path
    self.descriptor = descriptor
  }

  init(path: String, descriptor: Int32) {
    self.path = path
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  func path(of name: String) -> String { path.hasSuffix("/") ? path + name : "\(path)/\(name)" }

  /// Waits for other writers of files that belong together. Released in `deinit`. If a network file system
  /// cannot lock a directory, the write goes on without the lock; then only the order of two writers is lost.
  func lock() {
    while flock(descriptor, LOCK_EX) != 0, errno == EINTR {}
  }

  /// Makes renames durable. Some file systems need no fsync of a directory and return EINVAL.
  func synchronize() throws {
    guard fsync(descriptor) == 0 || errno == EINVAL else { throw FileError(errno: errno, "save", path) }
  }

  /// The status of an entry; nil if it does not exist.
  func status(of name: String, followingLinks: Bool) throws -> stat? {
    var status = stat()
    if fstatat(descriptor, name, &status, followingLinks ? 0 : AT_SYMLINK_NOFOLLOW) == 0 { return status }
    guard errno == ENOENT else { throw FileError(errno: errno, "look at", path(of: name)) }
    return nil
  }

  /// The names of all entries, hidden ones included, in no particular order.
  func names() throws -> [String] {
    let copy = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard copy >= 0, let stream = fdopendir(copy) else {
      let code = errno
      if copy >= 0 { close(copy) }
      throw FileError(errno: code, "list", path)
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  /// The target of a symbolic link; nil if there is no link of this name.
  func link(_ name: String) throws -> String? {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlinkat(descriptor, name, &buffer, buffer.count)
    if count >= 0 {
      return String(decoding: buffer.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
    guard errno == ENOENT || errno == EINVAL else { throw FileError(errno: errno, "look at", path(of: name)) }
    return nil
  }
}
