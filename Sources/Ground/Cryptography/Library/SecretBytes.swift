internal import COpenSSL

/// Bytes that nobody else may see: memory of OpenSSL's, wiped before it is freed, lent for the time of a call and never
/// printed.
///
/// It does not change after it was made, so it may be read on several threads.
package final class SecretBytes: @unchecked Sendable {
  private let start: UnsafeMutableRawPointer
  package let count: Int

  /// Memory of that size for `body` to fill.
  /// - Throws: ``CryptographyError`` where there is no memory, or what `body` throws.
  package convenience init(
    count: Int, filledBy body: (UnsafeMutableRawBufferPointer) throws(CryptographyError) -> Void
  ) throws(CryptographyError) {
    try self.init(uninitialized: count)
    try body(UnsafeMutableRawBufferPointer(start: start, count: count))
  }

  /// A copy of bytes. Whose the first ones are must see to them.
  /// - Throws: ``CryptographyError`` where there is no memory.
  package convenience init(copying bytes: UnsafeRawBufferPointer) throws(CryptographyError) {
    try self.init(count: bytes.count) { (memory) throws(CryptographyError) in memory.copyMemory(from: bytes) }
  }

  /// A copy of bytes. Whose the first ones are must see to them.
  /// - Throws: ``CryptographyError`` where there is no memory.
  package convenience init(_ bytes: [UInt8]) throws(CryptographyError) {
    try self.init(uninitialized: bytes.count)
    bytes.withUnsafeBytes { UnsafeMutableRawBufferPointer(start: start, count: count).copyMemory(from: $0) }
  }

  private init(uninitialized count: Int) throws(CryptographyError) {
    // Of no bytes OpenSSL makes no memory.
    start = try check(shim_malloc(max(count, 1)), "get memory for a secret")
    start.initializeMemory(as: UInt8.self, repeating: 0, count: max(count, 1))
    self.count = count
  }

  deinit { shim_clear_free(start, max(count, 1)) }

  /// Lends the bytes for the time of a call. A copy of them is the caller's to wipe.
  package func withUnsafeBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(UnsafeRawBufferPointer(start: start, count: count))
  }
}

extension SecretBytes: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "\(count) secret bytes (redacted)" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: [:]) }
}
