internal import COpenSSL

/// A memory BIO. OpenSSL wipes its buffer when it grows and when it is freed (`crypto/bio/bss_mem.c`, BUF_MEM_grow_clean;
/// `crypto/buffer/buffer.c`, BUF_MEM_free).
struct MemoryBIO: ~Copyable {
  let pointer: OpaquePointer

  init() throws(CryptographyError) {
    pointer = try check(BIO_new(BIO_s_mem()), "get memory")
  }

  deinit { BIO_free(pointer) }

  /// Lends the contents for the duration of a call.
  borrowing func withContents<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    var start: UnsafeMutablePointer<CChar>?
    let count = shim_bio_contents(pointer, &start)
    return try body(UnsafeRawBufferPointer(start: start, count: max(0, count)))
  }

  /// A copy of contents that are not secret.
  borrowing func bytes() -> [UInt8] { withContents { Array($0) } }

  /// A BIO that reads from bytes without copying them, for the duration of a call.
  static func withReader<Result>(
    of bytes: UnsafeRawBufferPointer, _ body: (OpaquePointer) throws(CryptographyError) -> Result
  ) throws(CryptographyError) -> Result {
    let count = try count32(bytes.count, "read bytes")
    // BIO_new_mem_buf refuses a null pointer, also for no bytes.
    var none: UInt8 = 0
    return try withUnsafePointer(to: &none) { (none) throws(CryptographyError) -> Result in
      let start = bytes.baseAddress ?? UnsafeRawPointer(none)
      let bio = try check(BIO_new_mem_buf(start, count), "read bytes")
      defer { BIO_free(bio) }
      return try body(bio)
    }
  }
}
