import Glibc

/// Reads whole files that are expected to be small.
package enum FileContents {
  /// 16 MiB, more than any file that Bulkhead reads.
  package static let defaultLimit = 16 << 20

  /// The bytes of a file, a pipe or a device such as `/dev/stdin`.
  /// - Parameter limit: The largest size to accept, in bytes.
  /// - Throws: ``FileError`` of kind `missing`, `isDirectory`, `permission`, `tooLarge` and others.
  package static func read(_ path: String, limit: Int = defaultLimit) throws -> [UInt8] {
    try FilePath.refuseNUL(path)
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw FileError(errno: errno, "read", path) }
    defer { close(file) }
    return try read(descriptor: file, path: path, limit: limit)
  }

  /// The bytes of a regular file. A pipe or a device, which could keep the reader waiting, is refused.
  /// - Throws: ``FileError``; of kind `notRegularFile` for anything else than a regular file.
  package static func readRegular(_ path: String, limit: Int = defaultLimit) throws -> [UInt8] {
    try FilePath.refuseNUL(path)
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else { throw FileError(errno: errno, "read", path) }
    defer { close(file) }
    _ = try regularStatus(of: file, path: path)
    return try read(descriptor: file, path: path, limit: limit)
  }

  /// The bytes of a regular file and the user that it belongs to; nil if it does not exist.
  /// - Throws: ``FileError``, also if users other than the owner may write it.
  package static func readOwned(
    _ path: String, limit: Int = defaultLimit
  ) throws -> (bytes: [UInt8], owner: uid_t)? {
    try FilePath.refuseNUL(path)
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else {
      if errno == ENOENT { return nil }
      throw FileError(errno: errno, "read", path)
    }
    defer { close(file) }
    let status = try regularStatus(of: file, path: path)
    guard status.st_mode & 0o022 == 0 else {
      throw FileError(
        .permission, path, "users other than its owner may write to \(path)", hint: "chmod go-w \(path)")
    }
    return (try read(descriptor: file, path: path, limit: limit), status.st_uid)
  }

  /// The bytes of a file with a private key, a passphrase or a token: a regular file that only its owner and its
  /// group may read or write. A file in memory (tmpfs) may have any mode: Kubernetes mounts Secrets and
  /// service-account tokens there with mode 0644, and only the containers of the pod see them.
  /// - Parameter mayBePipe: whether a pipe is accepted, as `<(command)` of a shell gives one.
  /// - Throws: ``FileError``; of kind `exposed` if other users may read or write it.
  package static func readSecret(
    _ path: String, limit: Int = defaultLimit, mayBePipe: Bool = false, groupMayRead: Bool = true
  ) throws -> [UInt8] {
    try FilePath.refuseNUL(path)
    let file = open(path, O_RDONLY | O_CLOEXEC | (mayBePipe ? 0 : O_NONBLOCK))
    guard file >= 0 else { throw FileError(errno: errno, "read", path) }
    defer { close(file) }
    if mayBePipe, isPipe(file) { return try read(descriptor: file, path: path, limit: limit) }
    let mode = try regularStatus(of: file, path: path).st_mode
    guard mode & 0o006 == 0 || isInMemory(file) else {
      throw FileError(
        .exposed, path, "every user of this machine may \(mode & 0o004 != 0 ? "read" : "write") \(path)",
        hint: "chmod 600 \(path); if others may have read it, replace what is in it")
    }
    guard groupMayRead || mode & 0o060 == 0 || isInMemory(file) else {
      throw FileError(
        .exposed, path, "the group of \(path) may \(mode & 0o040 != 0 ? "read" : "write") it",
        hint: "chmod 600 \(path); if others may have read it, replace what is in it")
    }
    return try read(descriptor: file, path: path, limit: limit)
  }

  private static func isPipe(_ file: Int32) -> Bool {
    var status = stat()
    return fstat(file, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO
  }

  /// Whether a file is on a file system of the type tmpfs (proc_pid_mountinfo(5)).
  private static func isInMemory(_ file: Int32) -> Bool {
    var status = stat()
    guard fstat(file, &status) == 0, let table = try? read("/proc/self/mountinfo") else { return false }
    // gnu_dev_major and gnu_dev_minor of glibc (bits/sysmacros.h), which Swift does not import.
    let number = UInt64(status.st_dev)
    let (major, minor) = (
      number >> 8 & 0xfff | number >> 32 & ~0xfff, number & 0xff | number >> 12 & ~0xff
    )
    let device = "\(major):\(minor)"
    return String(decoding: table, as: UTF8.self).split(separator: "\n").contains { line in
      let fields = line.split(separator: " ")
      guard fields.count > 4, fields[2] == device, let dash = fields.firstIndex(of: "-") else { return false }
      return fields.dropFirst(dash + 1).first == "tmpfs"
    }
  }

  /// The text of a file with a secret.
  /// - Throws: as ``readSecret(_:limit:)``, and of kind `notText`.
  package static func readSecretText(
    _ path: String, limit: Int = defaultLimit, groupMayRead: Bool = true
  ) throws -> String {
    try text(readSecret(path, limit: limit, groupMayRead: groupMayRead), path)
  }

  /// The bytes of a regular file in a directory; links are not followed.
  static func read(
    _ name: String, in directory: borrowing OpenDirectory, limit: Int = defaultLimit
  ) throws -> [UInt8] {
    let path = directory.path(of: name)
    let file = openat(directory.descriptor, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)
    guard file >= 0 else { throw FileError(errno: errno, "read", path) }
    defer { close(file) }
    _ = try regularStatus(of: file, path: path)
    return try read(descriptor: file, path: path, limit: limit)
  }

  private static func regularStatus(of file: Int32, path: String) throws -> stat {
    var status = stat()
    guard fstat(file, &status) == 0 else { throw FileError(errno: errno, "look at", path) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      if status.st_mode & S_IFMT == S_IFDIR { throw FileError(errno: EISDIR, "read", path) }
      throw FileError(
        .notRegularFile, path, "cannot read \(path): it is a pipe or a device, not a file",
        hint: "find out who made it, and remove it")
    }
    return status
  }

  /// The bytes of a file; nil if it does not exist.
  package static func readIfPresent(_ path: String, limit: Int = defaultLimit) throws -> [UInt8]? {
    do {
      return try read(path, limit: limit)
    } catch let error as FileError where error.kind == .missing {
      return nil
    }
  }

  /// The bytes of a regular file; nil if it does not exist. A pipe or a device, which could keep the reader waiting,
  /// is refused.
  /// - Throws: ``FileError``; of kind `notRegularFile` for anything else than a regular file.
  package static func readRegularIfPresent(_ path: String, limit: Int = defaultLimit) throws -> [UInt8]? {
    do {
      return try readRegular(path, limit: limit)
    } catch let error as FileError where error.kind == .missing {
      return nil
    }
  }

  /// The text of a file in UTF-8.
  /// - Throws: ``FileError``; of kind `notText` if the bytes are not valid UTF-8.
  package static func readText(_ path: String, limit: Int = defaultLimit) throws -> String {
    try text(read(path, limit: limit), path)
  }

  /// The text of a regular file.
  /// - Throws: as ``readRegular(_:limit:)``, and of kind `notText`.
  package static func readRegularText(_ path: String, limit: Int = defaultLimit) throws -> String {
    try text(readRegular(path, limit: limit), path)
  }

  private static func text(_ bytes: [UInt8], _ path: String) throws -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw FileError(
        .notText, path, "\(path) is not text in UTF-8", hint: "check that this is the right file")
    }
    return text
  }

  /// The bytes of standard input, whatever it is.
  /// - Throws: ``FileError`` of kind `tooLarge` and others.
  package static func readStandardInput(limit: Int) throws -> [UInt8] {
    try read(descriptor: STDIN_FILENO, path: "standard input", limit: limit)
  }

  /// The permission bits of a file; of its target if it is a symbolic link.
  package static func mode(of path: String) throws -> mode_t {
    try FilePath.refuseNUL(path)
    var status = stat()
    guard stat(path, &status) == 0 else { throw FileError(errno: errno, "look at", path) }
    return status.st_mode & 0o7777
  }

  /// Sets the permission bits of a file.
  /// - Throws: ``FileError``.
  package static func setMode(_ mode: mode_t, of path: String) throws {
    try FilePath.refuseNUL(path)
    guard chmod(path, mode) == 0 else { throw FileError(errno: errno, "set the mode of", path) }
  }

  static func read(descriptor: Int32, path: String, limit: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = Glibc.read(descriptor, &chunk, chunk.count)
      if count < 0 {
        if errno == EINTR { continue }
        throw FileError(errno: errno, "read", path)
      }
      if count == 0 { return bytes }
      bytes += chunk.prefix(count)
      guard bytes.count <= limit else {
        throw FileError(
          .tooLarge, path, "\(path) is larger than \(limit) bytes", hint: "check that this is the right file")
      }
    }
  }
}
