internal import COpenSSL

/// Why OpenSSL refused something: what was to be done, and its own words from this thread's error queue.
package struct CryptographyError: Error, Hashable, Sendable, CustomStringConvertible {
  /// One entry of OpenSSL's error queue.
  package struct Entry: Hashable, Sendable {
    /// The part of OpenSSL that refused, a number of `openssl/err.h` (`ERR_LIB_…`); 0 for this room.
    package let library: Int
    /// The number of the reason within that part (`openssl/…err.h`); 0 for this room, unless it is said
    /// otherwise.
    package let reason: Int
    /// The reason in OpenSSL's words, as in "wrong tag".
    package let words: String
    /// What OpenSSL added, such as the field that it read; empty as a rule.
    package let detail: String
  }

  /// What was to be done, as in "read a certificate".
  package let operation: String
  /// What OpenSSL said, the first cause first; empty where it said nothing.
  package let entries: [Entry]

  package var description: String {
    guard !entries.isEmpty else { return "OpenSSL could not \(operation)" }
    let words = entries.map { $0.detail.isEmpty ? $0.words : "\($0.words) (\($0.detail))" }
    return "OpenSSL could not \(operation): \(words.joined(separator: "; "))"
  }

  /// Takes all entries from the queue of this thread, so it is made on the thread of the failed call and before any
  /// `await`.
  init(_ operation: String) {
    self.operation = operation
    entries = Self.takeEntries()
  }

  /// A refusal of this room's own.
  init(_ operation: String, because words: String, reason: Int = 0) {
    self.operation = operation
    entries = [Entry(library: 0, reason: reason, words: words, detail: "")]
  }

  /// A key of a kind that is not taken, and may be whole.
  init(unknownKeyTo operation: String) {
    self.init(operation, because: Self.unknownKey)
  }

  /// Whether it is about a key, or a certificate's key, that is of a kind that is not taken and may be whole.
  package var isOfUnknownKey: Bool { entries.first?.words == Self.unknownKey }

  private static let unknownKey = "a kind of key that is not taken"

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
