import Glibc

/// Making directories.
package enum Directory {
  /// Makes a directory and whichever of its parents are missing, each with `mode`. What exists stays as it
  /// is. The process's umask may narrow the mode, never widen it.
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
      // Someone else may have made it meanwhile, which is as good.
      guard mkdir(path, mode) == 0 || errno == EEXIST else { throw FileError(errno: errno, "create", path) }
    default:
      throw FileError(errno: errno, "create", path)
    }
  }
}

extension Directory {
  /// Runs `body` while no other process, nor another call of this one, does so for the same directory.
  /// ``AtomicFile`` takes the same lock: `body` must not write several files into this directory.
  /// - Throws: ``FileError`` where there is no such directory, and whatever `body` throws.
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

/// An open directory. Names are looked up in it rather than by path, so all steps of a write meet the same
/// directory.
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

  /// Waits for other writers of files that belong together. The lock ends with this value. A network file
  /// system that cannot lock a directory is no reason not to write: what is lost there is only the order of
  /// two writers.
  func lock() {
    while flock(descriptor, LOCK_EX) != 0, errno == EINTR {}
  }

  /// Makes renames durable. Some file systems have nothing to do here and say so with EINVAL.
  func synchronize() throws {
    guard fsync(descriptor) == 0 || errno == EINVAL else { throw FileError(errno: errno, "save", path) }
  }

  /// The state of an entry, or nil where there is none.
  func status(of name: String, followingLinks: Bool) throws -> stat? {
    var status = stat()
    if fstatat(descriptor, name, &status, followingLinks ? 0 : AT_SYMLINK_NOFOLLOW) == 0 { return status }
    guard errno == ENOENT else { throw FileError(errno: errno, "look at", path(of: name)) }
    return nil
  }

  /// What it holds, hidden names included, in no order.
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

  /// What a symbolic link says; nil where there is none of this name.
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
