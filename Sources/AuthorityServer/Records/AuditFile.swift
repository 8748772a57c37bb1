import FoundationEssentials
import Glibc

/// The file of the audit log, or standard error. Used by one thread at a time.
struct AuditFile: ~Copyable {
  private(set) var chain: AuditChain
  private let path: String?
  private var descriptor: Int32
  /// Whether lines were written since the file was opened.
  private var hasWritten = false

  /// How much of the end of an existing file is read to find its newest chain value.
  private static let tail = 1 << 16

  /// Opens a file and continues its chain.
  /// - Parameter path: nil for standard error.
  /// - Throws: ``AuthorityServerError``.
  init(_ path: String?) throws {
    self.path = path
    guard let path else {
      descriptor = STDERR_FILENO
      chain = AuditChain()
      return
    }
    descriptor = try Self.open(path)
    chain = AuditChain(Self.newestValue(descriptor) ?? AuditChain.beginning)
  }

  deinit { if path != nil, descriptor >= 0 { close(descriptor) } }

  /// Closes the file, so that another process may write it. Nothing can be appended afterwards.
  mutating func end() {
    guard path != nil, descriptor >= 0 else { return }
    close(descriptor)
    descriptor = -1
  }

  private static func open(_ path: String) throws -> Int32 {
    let descriptor = Glibc.open(
      path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
    guard descriptor >= 0 else {
      throw AuthorityServerError(
        "cannot open the audit log \(path): \(String(cString: strerror(errno)).lowercased())",
        hint: "name a regular file that can be written, or none for standard error")
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw AuthorityServerError(
        "the audit log \(path) is not a regular file",
        hint: "name a regular file that can be written, or none for standard error")
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      throw AuthorityServerError(
        "another process writes the audit log \(path)", hint: "give each server a file of its own")
    }
    return descriptor
  }

  /// Opens the path again after its file was renamed. If that is not possible, the file before stays in use.
  /// - Returns: whether another file is in use now.
  /// - Throws: ``AuthorityServerError``.
  mutating func reopen() throws -> Bool {
    guard let path, descriptor >= 0 else { return false }
    var (now, mine) = (stat(), stat())
    if stat(path, &now) == 0, fstat(descriptor, &mine) == 0, now.st_ino == mine.st_ino,
      now.st_dev == mine.st_dev
    {
      return false
    }
    let new = try Self.open(path)
    close(descriptor)
    descriptor = new
    hasWritten = false
    return true
  }

  /// Writes entries and waits until the disk has them. After a failure none of them is in the file.
  /// - Throws: ``AuditFailure``.
  mutating func append(_ entries: [AuditEntry]) throws {
    guard descriptor >= 0 else { throw AuditFailure(errno: EBADF) }
    var status = stat()
    let isFile = path != nil && fstat(descriptor, &status) == 0
    let size = status.st_size
    var new = chain
    var bytes: [UInt8] = []
    // A rotation that copies and truncates the file leaves an empty one.
    if isFile, !hasWritten || size == 0 {
      if size > 0, !endsWithLineFeed(size) { bytes.append(UInt8(ascii: "\n")) }
      bytes += new.linked(try AuditEntry(time: Date(), decision: .opened, previous: new.value).json())
      bytes.append(UInt8(ascii: "\n"))
    }
    for entry in entries {
      bytes += new.linked(try entry.json())
      bytes.append(UInt8(ascii: "\n"))
    }
    do {
      try write(bytes)
      if isFile, fdatasync(descriptor) != 0 { throw AuditFailure(errno: errno) }
    } catch {
      // A part of a line would hide the next one.
      if isFile { _ = ftruncate(descriptor, size) }
      throw error
    }
    chain = new
    hasWritten = true
  }

  private func write(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw AuditFailure(errno: errno) }
      rest = rest.dropFirst(count)
    }
  }

  private func endsWithLineFeed(_ size: Int) -> Bool {
    var last: UInt8 = 0
    return pread(descriptor, &last, 1, size - 1) == 1 && last == UInt8(ascii: "\n")
  }

  private static func newestValue(_ descriptor: Int32) -> String? {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    let start = max(0, status.st_size - tail)
    var bytes = [UInt8](repeating: 0, count: status.st_size - start)
    let count = pread(descriptor, &bytes, bytes.count, start)
    guard count > 0 else { return nil }
    // The last line may be incomplete: the server was killed while it wrote.
    return bytes.prefix(count).split(separator: UInt8(ascii: "\n")).reversed().lazy
      .compactMap { AuditChain.split($0)?.value }.first
  }
}

struct AuditFailure: Error, CustomStringConvertible {
  let errno: Int32
  var description: String {
    "the audit log cannot be written: \(String(cString: strerror(errno)).lowercased())"
  }
}
