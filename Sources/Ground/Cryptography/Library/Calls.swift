internal import COpenSSL

/// The rule for OpenSSL's error queue, which is per thread: it is emptied before the first call of an operation, because
/// calls that succeed can leave entries, and read directly after the call that failed.
enum Calls {
  /// Empties the error queue of this thread.
  @inline(__always) static func begin() {
    _ = keepsLibraryAtExit
    ERR_clear_error()
  }

  /// OpenSSL frees its global state when the process exits, although other threads, such as the event loop's, may
  /// still close connections then. So it is told not to; this has to be the first call of OpenSSL in the process.
  private static let keepsLibraryAtExit = OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_ATEXIT), nil)
}

/// Checks the result of a function that returns 1 for success, and 0 or less for failure.
@inline(__always)
func check(_ result: Int32, _ operation: @autoclosure () -> String) throws(CryptographyError) {
  guard result > 0 else { throw CryptographyError(operation()) }
}

/// Checks the result of a function that returns NULL for failure.
@inline(__always)
func check<Pointer>(
  _ pointer: Pointer?, _ operation: @autoclosure () -> String
) throws(CryptographyError) -> Pointer {
  guard let pointer else { throw CryptographyError(operation()) }
  return pointer
}

/// A length for OpenSSL's functions that take an `int`.
@inline(__always)
func count32(_ count: Int, _ operation: @autoclosure () -> String) throws(CryptographyError) -> Int32 {
  guard let count = Int32(exactly: count) else {
    throw CryptographyError(operation(), because: "more than 2 GiB")
  }
  return count
}
