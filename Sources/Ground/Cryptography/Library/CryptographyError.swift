internal import COpenSSL

/// A failed operation, with the entries of OpenSSL's error queue.
package struct CryptographyError: Error, Hashable, Sendable, CustomStringConvertible {
  /// One entry of OpenSSL's error queue.
  package struct Entry: Hashable, Sendable {
    /// The part of OpenSSL, a number of `openssl/err.h` (`ERR_LIB_…`); 0 for this room.
    package let library: Int
    /// The reason within that part, a number of `openssl/…err.h`; 0 for this room unless documented otherwise.
    package let reason: Int
    /// The reason as text, as in "wrong tag".
    package let words: String
    /// OpenSSL's additional data, such as a field name; usually empty.
    package let detail: String
  }

  /// The operation, as in "read a certificate".
  package let operation: String
  /// The entries, root cause first; empty if OpenSSL gave none.
  package let entries: [Entry]

  package var description: String {
    guard !entries.isEmpty else { return "OpenSSL could not \(operation)" }
    let words = entries.map { $0.detail.isEmpty ? $0.words : "\($0.words) (\($0.detail))" }
    return "OpenSSL could not \(operation): \(words.joined(separator: "; "))"
  }

  /// Takes all entries from the queue of this thread. Must be called on the thread of the failed call, before any `await`.
  init(_ operation: String) {
    self.operation = operation
    entries = Self.takeEntries()
  }

  /// A failure that this room detects itself.
  init(_ operation: String, because words: String, reason: Int = 0) {
    self.operation = operation
    entries = [Entry(library: 0, reason: reason, words: words, detail: "")]
  }

  /// A key of an unsupported kind, which may be intact.
  init(unknownKeyTo operation: String) {
    self.init(operation, because: Self.unknownKey)
  }

  /// Whether the cause is a key of an unsupported kind, as opposed to a damaged one.
  package var isOfUnknownKey: Bool { entries.first?.words == Self.unknownKey }

  private static let unknownKey = "an unsupported kind of key"

  /// The queue holds at most 16 entries (OpenSSL, `ERR_NUM_ERRORS`).
  private static func takeEntries() -> [Entry] {
    var entries: [Entry] = []
    var file: UnsafePointer<CChar>?
    var function: UnsafePointer<CChar>?
    var data: UnsafePointer<CChar>?
    var line: Int32 = 0
    var flags: Int32 = 0
    while case let code = ERR_get_error_all(&file, &line, &function, &data, &flags), code != 0 {
      let words = ERR_reason_error_string(code).map { String(cString: $0) }
      let detail = flags & ERR_TXT_STRING == 0 ? nil : data.map { String(cString: $0) }
      entries.append(
        Entry(
          library: Int(ERR_GET_LIB(code)), reason: Int(ERR_GET_REASON(code)), words: words ?? "error \(code)",
          detail: detail ?? ""))
    }
    return entries
  }
}
