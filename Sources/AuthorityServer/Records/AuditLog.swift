import FoundationEssentials
import Glibc
import Synchronization

/// The audit log: one line of JSON for each decision, in a file with mode 0600 or on standard error.
///
/// Each line is one write to a file opened for appending, so lines of several processes never mix (POSIX,
/// write). A rotation that copies and truncates the file loses only what is written meanwhile.
final class AuditLog: Sendable {
  private let descriptor: Int32
  private let path: String?
  /// Serialises writes: lines longer than the buffer of a pipe could mix, and a partial write must be
  /// completed.
  private let turn = Mutex(())

  /// - Throws: ``AuthorityServerError``.
  init(_ path: String?) throws {
    self.path = path
    guard let path else {
      descriptor = STDERR_FILENO
      return
    }
    descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw AuthorityServerError(
        "cannot open the audit log \(path): \(String(cString: strerror(errno)).lowercased())",
        hint: "name a file that can be written, or none for standard error")
    }
  }

  deinit { if path != nil { close(descriptor) } }

  /// Writes a decision before the client gets the answer.
  /// - Throws: ``AuditFailure`` if it cannot be written.
  func record(_ entry: AuditEntry) throws {
    let encoder = JSONEncoder()
    encoder.dateEncodingStrategy = .iso8601
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let line = try encoder.encode(entry) + Data("\n".utf8)
    try turn.withLock { _ in
      var rest = line[...]
      while !rest.isEmpty {
        let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { throw AuditFailure(errno: errno) }
        rest = rest.dropFirst(count)
      }
    }
  }
}

struct AuditFailure: Error, CustomStringConvertible {
  let errno: Int32
  var description: String {
    "the audit log cannot be written: \(String(cString: strerror(errno)).lowercased())"
  }
}
