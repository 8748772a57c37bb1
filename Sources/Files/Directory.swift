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
          .notDirectory, path, "\(path) exists and is not a directory", hint: "choose another path")
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
