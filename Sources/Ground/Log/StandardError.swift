import Glibc
import Synchronization

/// Standard error, a whole line at a time.
package enum StandardError {
  private static let turn = Mutex(())

  /// Writes a line and a line feed; lines of several threads do not mix. What cannot be written is lost: there is no
  /// place left to say so.
  package static let write: Logger.Output = { line in
    let bytes = Array((line + "\n").utf8)
    turn.withLock { _ in
      bytes.withUnsafeBytes { bytes in
        var rest = bytes[...]
        while !rest.isEmpty {
          let count = Glibc.write(
            STDERR_FILENO, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
          if count < 0 && errno == EINTR { continue }
          guard count > 0 else { return }
          rest = rest.dropFirst(count)
        }
      }
    }
  }
}
