import Glibc

/// Creates and locks directories.
package enum Directory {
  /// Creates a directory and its missing parents, each with `mode`. Existing directories stay unchanged. The
  /// process's umask may narrow the mode, never widen it.
  /// - Throws: ``FileError``.
  package static func create(_ path: String, mode: mode_t = 0o700) throws {
    try FilePath.refuseNUL(path)
    if mkdir(path, mode) == 0 { return }
    switch errno {
    case EEXIST:
      var status = stat()
      guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
        throw FileError(
          .notDirectory, path, "\(path) exists and is no directory", hint: "choose another path")
      }
    case ENOENT:
      let parent = try FilePath(path.trimmingTrailingSlashes).directory
      guard parent != path else { throw FileError(errno: ENOENT, "create", path) }
      try create(parent, mode: mode)
      // Another process may have created it meanwhile.
      guard mkdir(path, mode) == 0 || errno == EEXIST else { throw FileError(errno: errno, "create", path) }
    default:
      throw FileError(errno: errno, "create", path)
    }
  }
}

extension Directory {
  /// Runs `body` while no other process, and no other call of this process, holds the lock of the same
  /// directory. ``AtomicFile`` takes the same lock: `body` must not write several files into this directory.
  /// - Throws: ``FileError`` if the directory does not exist; what `body` throws.
  package static func withLock<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
    let directory = try OpenDirectory(path)
    directory.lock()
    return try body()
  }
}

extension String {
  fileprivate var trimmingTrailingSlashes: String {
    var path = self[...]
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    return String(path)
  }
}

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
