import FoundationEssentials
import Glibc

/// A folder whose files are replaced all at once, in the layout in which the kubelet mounts a Secret
/// (Kubernetes, `pkg/volume/util/atomic_writer.go`):
///
///     ..2026_11_24_10_30_05.4711/   the files, as they were written together
///     ..data -> ..2026_11_24_10_30_05.4711
///     etcd-key -> ..data/etcd-key
///
/// One rename of `..data` replaces all of them: after a crash or a power cut, as for any reader, either all
/// old files or all new files are there. Programs that watch mounted Secrets already handle this layout.
package struct AtomicDirectory: Sendable {
  package let path: String
  /// The mode that the directory is given when it is written; nil to create it with 0755 and leave an existing one as
  /// it is.
  private let mode: mode_t?

  package init(_ path: String, mode: mode_t? = nil) {
    self.path = path
    self.mode = mode
  }

  static let current = "..data"
  private static let next = "..data_tmp"

  /// What the directory contains now; nil if nothing was written yet.
  /// - Throws: ``FileError``.
  package func generation() throws -> Generation? {
    do {
      return try current(in: .trusted(path))
    } catch let error as FileError where error.kind == .missing {
      return nil
    }
  }

  /// The files that `..data` points to; nil if that is no directory of root or of this process's user.
  private func current(in directory: borrowing OpenDirectory) throws -> Generation? {
    guard let generation = try directory.link(Self.current).flatMap({ Generation($0, in: path) }),
      try Self.isOurs(generation.name, in: directory)
    else { return nil }
    return generation
  }

  /// Whether the name is that of a real directory, no link, of root or of this process's user.
  private static func isOurs(_ name: String, in directory: borrowing OpenDirectory) throws -> Bool {
    guard let status = try directory.status(of: name, followingLinks: false) else { return false }
    return status.st_mode & S_IFMT == S_IFDIR && status.isOfTrustedUser
  }

  /// Replaces all files in the directory, which is created if it does not exist. Removes what
  /// a killed process left behind, and restores missing links.
  ///
  /// All steps use descriptors and follow no link of another user. A directory that others may write is refused.
  /// - Returns: false if all files had this content, mode and owner already; nothing was written then.
  /// - Throws: ``FileError``; the old files are complete and in place then.
  @discardableResult
  package func write(_ files: [NewFile], now: Date) throws -> Bool {
    for file in files { _ = try FilePath.checked(file.name) }
    let directory = try OpenDirectory.trusted(path, creating: mode ?? 0o755)
    try directory.checkIsOurs()
    if let mode, try directory.status().st_mode & 0o7777 != mode, fchmod(directory.descriptor, mode) != 0 {
      throw FileError(errno: errno, "set the mode of", path)
    }
    directory.lock()
    let old = try current(in: directory)
    if let old, Self.isPresent(files, in: old, of: directory) {
      try removeRubbish(in: directory, except: old.name)
      try link(files, in: directory, replacing: true)
      return false
    }
    // Before anything is written: on a full disk, the files of a killed process may use the space.
    try removeRubbish(in: directory, except: old?.name)
    let new = Generation.named(for: now, in: path)
    do {
      guard mkdirat(directory.descriptor, new.name, 0o755) == 0 else {
        throw FileError(errno: errno, "create", new.path)
      }
      try fill(new, with: files, in: directory)
      try link(files, in: directory, replacing: false)
      try directory.synchronize()
      try Self.point(Self.current, via: Self.next, at: new.name, in: directory)
    } catch {
      try? Self.remove(new.name, in: directory)
      throw error
    }
    try link(files, in: directory, replacing: true)
    try directory.synchronize()
    try removeRubbish(in: directory, except: new.name)
    return true
  }

  /// Why readers do not find a file as it was written.
  package enum Damage: Hashable, Sendable {
    /// Its name leads elsewhere or nowhere, or it is no regular file.
    case misplaced(String)
    /// It has another mode or another owner.
    case otherRights(String)
  }

  /// The first of these files that readers do not find under its name as it was written. Contents are not compared.
  /// - Throws: ``FileError``.
  package func damage(of files: [(name: String, mode: mode_t, owner: FileOwner?)]) throws -> Damage? {
    let directory = try OpenDirectory.trusted(path)
    guard let generation = try current(in: directory) else {
      return files.first.map { Damage.misplaced($0.name) }
    }
    let inner = try OpenDirectory(generation.name, in: directory)
    for file in files {
      guard try directory.link(file.name) == "\(Self.current)/\(file.name)",
        let status = try inner.status(of: file.name, followingLinks: false),
        status.st_mode & S_IFMT == S_IFREG
      else { return .misplaced(file.name) }
      guard status.st_mode & 0o7777 == file.mode, file.owner?.owns(status) ?? true else {
        return .otherRights(file.name)
      }
    }
    return nil
  }

  private func fill(
    _ generation: Generation, with files: [NewFile], in directory: borrowing OpenDirectory
  ) throws {
    let new = try OpenDirectory(generation.name, in: directory)
    guard fchmod(new.descriptor, 0o755) == 0 else {
      throw FileError(errno: errno, "set the mode of", generation.path)
    }
    try AtomicFile.create(files, in: new)
  }

  private static func isPresent(
    _ files: [NewFile], in generation: Generation, of directory: borrowing OpenDirectory
  ) -> Bool {
    guard let directory = try? OpenDirectory(generation.name, in: directory),
      let names = try? directory.names().filter({ !$0.hasPrefix(".") }), names.count == files.count
    else { return false }
    return files.allSatisfy { (try? AtomicFile.isPresent($0, in: directory)) == true }
  }

  /// Creates the links with the names of the files.
  /// - Parameter replacing: Whether to replace something else that has the name: a file, a link or an empty directory.
  private func link(
    _ files: [NewFile], in directory: borrowing OpenDirectory, replacing: Bool
  ) throws {
    for file in files {
      let target = "\(Self.current)/\(file.name)"
      guard try directory.link(file.name) != target,
        try replacing || directory.status(of: file.name, followingLinks: false) == nil
      else { continue }
      // A container runtime makes an empty directory where a file to mount is missing.
      unlinkat(directory.descriptor, file.name, AT_REMOVEDIR)
      try Self.point(file.name, via: "..\(file.name)_tmp", at: target, in: directory)
    }
  }

  /// Creates or redirects a link atomically.
  private static func point(
    _ name: String, via temporary: String, at target: String, in directory: borrowing OpenDirectory
  ) throws {
    unlinkat(directory.descriptor, temporary, 0)
    guard symlinkat(target, directory.descriptor, temporary) == 0,
      renameat(directory.descriptor, temporary, directory.descriptor, name) == 0
    else {
      let code = errno
      unlinkat(directory.descriptor, temporary, 0)
      throw FileError(errno: code, "write", directory.path(of: name))
    }
  }

  /// Removes all generations except one, and links that still have their temporary name.
  private func removeRubbish(in directory: borrowing OpenDirectory, except kept: String?) throws {
    for name in try directory.names() where name.hasPrefix("..") && name != kept {
      if Generation(name, in: path) != nil {
        // What another user made under such a name stays: a link may lead anywhere.
        if try Self.isOurs(name, in: directory) { try Self.remove(name, in: directory) }
      } else if name.hasSuffix("_tmp") {
        unlinkat(directory.descriptor, name, 0)
      }
    }
  }

  private static func remove(_ name: String, in directory: borrowing OpenDirectory) throws {
    guard try directory.status(of: name, followingLinks: false) != nil else { return }
    let generation = try OpenDirectory(name, in: directory)
    for name in try generation.names() { unlinkat(generation.descriptor, name, 0) }
    guard unlinkat(directory.descriptor, name, AT_REMOVEDIR) == 0 || errno == ENOENT else {
      throw FileError(errno: errno, "remove", generation.path)
    }
  }
}

/// Files that were written together.
package struct Generation: Hashable, Sendable {
  let name: String
  package let path: String
  /// When they were written, in whole seconds.
  package let written: Date

  /// - Returns: nil if this is not the name of a generation.
  init?(_ name: String, in directory: String) {
    let parts = name.dropFirst(2).split(separator: ".", omittingEmptySubsequences: false)
    guard name.hasPrefix(".."), parts.count == 2, parts[1].allSatisfy(\.isNumber),
      let written = Self.time(parts[0])
    else { return nil }
    self.name = name
    self.path = directory.hasSuffix("/") ? directory + name : "\(directory)/\(name)"
    self.written = written
  }

  private init(name: String, path: String, written: Date) {
    self.name = name
    self.path = path
    self.written = written
  }

  /// A name that no generation has had: the time in UTC and a random number.
  static func named(for now: Date, in directory: String) -> Generation {
    let written = Date(timeIntervalSince1970: now.timeIntervalSince1970.rounded(.down))
    var seconds = time_t(written.timeIntervalSince1970)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    let numbers = [
      parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
    ]
    let stamp = numbers.map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: "_")
    let name = "..\(stamp).\(UInt32.random(in: 1 ... .max))"
    return Generation(
      name: name, path: directory.hasSuffix("/") ? directory + name : "\(directory)/\(name)",
      written: written)
  }

  private static func time(_ stamp: Substring) -> Date? {
    let numbers = stamp.split(separator: "_", omittingEmptySubsequences: false).compactMap { Int32($0) }
    guard numbers.count == 6 else { return nil }
    var parts = tm()
    (parts.tm_year, parts.tm_mon, parts.tm_mday) = (numbers[0] - 1900, numbers[1] - 1, numbers[2])
    (parts.tm_hour, parts.tm_min, parts.tm_sec) = (numbers[3], numbers[4], numbers[5])
    return Date(timeIntervalSince1970: Double(timegm(&parts)))
  }

  /// The directory of the files.
  private func open() throws -> OpenDirectory {
    let parent = try OpenDirectory.trusted(FilePath(path).directory)
    let directory = try OpenDirectory(name, in: parent)
    guard try directory.status().isOfTrustedUser else {
      throw FileError(
        .permission, path, "\(path) belongs to another user", hint: "remove it, and find out who made it")
    }
    return directory
  }

  /// The bytes of one of the files; nil if there is no file of this name.
  /// - Throws: ``FileError``, also for a link, a pipe or a device.
  package func read(_ name: String, limit: Int = FileContents.defaultLimit) throws -> [UInt8]? {
    do {
      return try FileContents.read(FilePath.checked(name), in: open(), limit: limit)
    } catch let error as FileError where error.kind == .missing {
      return nil
    }
  }

  /// Whether a note was added to these files. A note is removed together with them.
  package func has(note: String) -> Bool {
    ((try? open().status(of: ".\(note)", followingLinks: false)) ?? nil) != nil
  }

  /// Adds a note to these files that survives a restart: an empty file `.NOTE`.
  /// - Throws: ``FileError``.
  package func add(note: String) throws {
    try AtomicFile.write([NewFile(name: ".\(note)", bytes: [], mode: 0o644)], in: open())
  }
}
