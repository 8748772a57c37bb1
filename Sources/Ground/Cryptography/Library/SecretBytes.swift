internal import COpenSSL

/// Secret bytes in memory that OpenSSL allocates and wipes before it frees it. They are lent for the duration of a call
/// and never printed.
///
/// It is immutable after initialization, so threads can share it.
package final class SecretBytes: @unchecked Sendable {
  private let start: UnsafeMutableRawPointer
  package let count: Int

  /// Allocates memory that `body` fills.
  /// - Throws: ``CryptographyError`` if memory is exhausted, or the error of `body`.
  package convenience init(
    count: Int, filledBy body: (UnsafeMutableRawBufferPointer) throws(CryptographyError) -> Void
  ) throws(CryptographyError) {
    try self.init(uninitialized: count)
    try body(UnsafeMutableRawBufferPointer(start: start, count: count))
  }

  /// Copies bytes. The caller is responsible for wiping the original.
  /// - Throws: ``CryptographyError`` if memory is exhausted.
  package convenience init(copying bytes: UnsafeRawBufferPointer) throws(CryptographyError) {
    try self.init(count: bytes.count) { (memory) throws(CryptographyError) in memory.copyMemory(from: bytes) }
  }

  /// Copies bytes. The caller is responsible for wiping the original.
  /// - Throws: ``CryptographyError`` if memory is exhausted.
  package convenience init(_ bytes: [UInt8]) throws(CryptographyError) {
    try self.init(uninitialized: bytes.count)
    bytes.withUnsafeBytes { UnsafeMutableRawBufferPointer(start: start, count: count).copyMemory(from: $0) }
  }

  private init(uninitialized count: Int) throws(CryptographyError) {
    // OPENSSL_malloc returns NULL for 0 bytes.
    start = try check(shim_malloc(max(count, 1)), "get memory for a secret")
    start.initializeMemory(as: UInt8.self, repeating: 0, count: max(count, 1))
    self.count = count
  }

  deinit { shim_clear_free(start, max(count, 1)) }

  /// Lends the bytes for the duration of a call. The caller is responsible for wiping copies.
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
