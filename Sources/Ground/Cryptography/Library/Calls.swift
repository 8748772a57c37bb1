internal import COpenSSL

/// The rule for OpenSSL's error queue, which is per thread: it is emptied before the first call of an operation, because
/// calls that succeed can leave entries, and read directly after the call that failed.
enum Calls {
  /// Empties the error queue of this thread.
  @inline(__always) static func begin() { ERR_clear_error() }
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
