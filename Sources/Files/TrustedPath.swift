import Glibc

/// Directories in which a process with more rights than others writes for them, such as the agent as root in the
/// folder of a service. Another user must not be able to redirect what is written.
extension OpenDirectory {
  /// `O_PATH`, which Swift does not import: looks up a path without the right to read the directory (open(2)).
  private static let lookUp: Int32 = 0o10_000_000
  /// Linux follows at most 40 links in one path (path_resolution(7)).
  private static let longestChain = 40

  /// Opens a directory name by name. A symbolic link on the way is followed only if it belongs to root or to the
  /// user of this process: another user could change where it leads.
  /// - Parameter mode: creates missing directories with this mode, whatever the umask is; nil if they must exist.
  /// - Throws: ``FileError``.
  static func trusted(_ path: String, creating mode: mode_t? = nil) throws -> OpenDirectory {
    try FilePath.refuseNUL(path)
    var walk = try Walk(from: path.hasPrefix("/") ? "/" : ".", path: path)
    var names = Self.names(of: path)
    var links = 0
    while let name = names.popLast() {
      if walk.enter(name) { continue }
      switch errno {
      case ENOENT where mode != nil:
        let isNew = mkdirat(walk.descriptor, name, mode ?? 0) == 0
        guard isNew || errno == EEXIST else { throw FileError(errno: errno, "create", path) }
        guard walk.enter(name) else { throw FileError(errno: errno, "open the directory", path) }
        // The umask may have narrowed it: the agent runs with 0077, and what it writes is for other users too.
        if isNew, let mode { try walk.setMode(mode) }
      case ENOTDIR, ELOOP:
        links += 1
        guard links <= Self.longestChain else { throw FileError(errno: ELOOP, "open the directory", path) }
        let target = try walk.target(of: name)
        if target.hasPrefix("/") { walk = try Walk(from: "/", path: path) }
        names += Self.names(of: target)
      default: throw FileError(errno: errno, "open the directory", path)
      }
    }
    let descriptor = openat(walk.descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(errno: errno, "open the directory", path) }
    return OpenDirectory(path: path, descriptor: descriptor)
  }

  /// The names in a path, the last one first.
  private static func names(of path: String) -> [String] {
    path.split(separator: "/").filter { $0 != "." }.map(String.init).reversed()
  }

  /// The place that a walk along a path has reached.
  private struct Walk: ~Copyable {
    let path: String
    private(set) var descriptor: Int32

    init(from start: String, path: String) throws {
      descriptor = open(start, lookUp | O_DIRECTORY | O_CLOEXEC)
      guard descriptor >= 0 else { throw FileError(errno: errno, "open the directory", path) }
      self.path = path
    }

    deinit { close(descriptor) }

    /// - Returns: false if the name cannot be entered; `errno` then says why.
    mutating func enter(_ name: String) -> Bool {
      let next = openat(descriptor, name, lookUp | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
      guard next >= 0 else { return false }
      close(descriptor)
      descriptor = next
      return true
    }

    /// Sets the mode of the directory that was reached.
    func setMode(_ mode: mode_t) throws {
      // A descriptor of `O_PATH` cannot be given to fchmod(2).
      let reached = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      guard reached >= 0 else { throw FileError(errno: errno, "open the directory", path) }
      defer { close(reached) }
      guard fchmod(reached, mode) == 0 else { throw FileError(errno: errno, "set the mode of", path) }
    }

    /// The target of a link of root or of this process's user.
    func target(of name: String) throws -> String {
      var status = stat()
      guard fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0,
        status.st_mode & S_IFMT == S_IFLNK
      else { throw FileError(errno: ENOTDIR, "open the directory", path) }
      guard status.isOfTrustedUser else {
        throw FileError(
          .permission, path,
          "cannot open the directory \(path): \"\(name)\" in it is a symbolic link of another user",
          hint: "remove the link, and find out who made it")
      }
      var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
      let count = readlinkat(descriptor, name, &buffer, buffer.count)
      guard count >= 0 else { throw FileError(errno: errno, "open the directory", path) }
      return String(decoding: buffer.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
  }

  /// Refuses a directory that belongs to another user or that others may write: they could replace what is in
  /// it. A mount point may be writable by all, because `emptyDir` volumes of Kubernetes are; only the containers
  /// of one pod see these.
  /// - Parameter hint: what to do where the directory belongs to another user.
  /// - Throws: ``FileError``.
  func checkIsOurs(
    hint: String =
      "give the folder to root with mode 0755; 'owner' in the agent's file sets the owner of the files"
  ) throws {
    let status = try status()
    guard status.isOfTrustedUser else {
      throw FileError(
        .permission, path, "\(path) belongs to the user \(status.st_uid), who could replace what is in it",
        hint: hint)
    }
    let isWritable =
      status.st_mode & 0o002 != 0
      || status.st_mode & 0o020 != 0 && status.st_gid != 0 && status.st_gid != getegid()
    var parent = stat()
    let isMountPoint = fstatat(descriptor, "..", &parent, 0) == 0 && parent.st_dev != status.st_dev
    guard !isWritable || isMountPoint else {
      throw FileError(
        .permission, path, "other users may write to \(path), and could replace what is in it",
        hint: "chmod go-w \(path)")
    }
  }

  /// The status of the directory itself.
  func status() throws -> stat {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileError(errno: errno, "look at", path) }
    return status
  }
}

extension Directory {
  /// Refuses a directory that belongs to a user other than root and this one, or that others may write. A missing
  /// directory is not refused.
  /// - Parameter hint: what to do where it belongs to another user.
  /// - Throws: ``FileError``.
  package static func checkIsOurs(_ path: String, hint: String) throws {
    do {
      try OpenDirectory(path).checkIsOurs(hint: hint)
    } catch let error as FileError where error.kind == .missing {
      return
    }
  }
}

extension stat {
  /// Whether the owner is root or the user of this process.
  var isOfTrustedUser: Bool { st_uid == 0 || st_uid == geteuid() }
}
