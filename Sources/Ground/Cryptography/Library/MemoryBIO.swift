internal import COpenSSL

/// Memory that OpenSSL writes to, wiped when it is freed (OpenSSL, `crypto/buffer/buffer.c`, BUF_MEM_free), also where
/// it grew.
struct MemoryBIO: ~Copyable {
  let pointer: OpaquePointer

  init() throws(CryptographyError) {
    pointer = try check(BIO_new(BIO_s_mem()), "get memory")
  }

  deinit { BIO_free(pointer) }

  /// Lends what was written.
  borrowing func withContents<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    var start: UnsafeMutablePointer<CChar>?
    let count = shim_bio_contents(pointer, &start)
    return try body(UnsafeRawBufferPointer(start: start, count: max(0, count)))
  }

  /// What was written, where it is no secret.
  borrowing func bytes() -> [UInt8] { withContents { Array($0) } }

  /// Lets OpenSSL read bytes where they are, for the time of a call.
  static func withReader<Result>(
    of bytes: UnsafeRawBufferPointer, _ body: (OpaquePointer) throws(CryptographyError) -> Result
  ) throws(CryptographyError) -> Result {
    let count = try count32(bytes.count, "read bytes")
    // A BIO must have an address, also that of no bytes.
    var none: UInt8 = 0
    return try withUnsafePointer(to: &none) { (none) throws(CryptographyError) -> Result in
      let start = bytes.baseAddress ?? UnsafeRawPointer(none)
      let bio = try check(BIO_new_mem_buf(start, count), "read bytes")
      defer { BIO_free(bio) }
      return try body(bio)
    }
  }
}
