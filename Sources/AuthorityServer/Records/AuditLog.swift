import Foundation
import Glibc
import Synchronization

/// Where decisions are written, a line of JSON each: a file that only its owner reads, or standard error.
///
/// Each line is one write to a file opened for appending, so several processes' lines never mix (POSIX, write), and a
/// rotation that copies and truncates the file loses no more than what is written meanwhile.
final class AuditLog: Sendable {
  private let descriptor: Int32
  private let path: String?
  /// Lines longer than a pipe takes at once could mix, and a partly written one must be ended.
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

  /// Writes a decision before it takes effect for the client.
  /// - Throws: ``AuditFailure`` where it cannot be written.
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
