internal import COpenSSL

/// What is true of every call of OpenSSL here: the queue of errors is emptied before the first call of an operation,
/// since successful calls may leave entries, and read right after the call that failed, on the same thread.
enum Calls {
  /// Empties this thread's queue of errors.
  @inline(__always) static func begin() { ERR_clear_error() }
}

/// Most functions return 1 for success, and 0 or less for a failure.
@inline(__always)
func check(_ result: Int32, _ operation: @autoclosure () -> String) throws(CryptographyError) {
  guard result > 0 else { throw CryptographyError(operation()) }
}

/// Functions that make something return NULL for a failure.
@inline(__always)
func check<Pointer>(
  _ pointer: Pointer?, _ operation: @autoclosure () -> String
) throws(CryptographyError) -> Pointer {
  guard let pointer else { throw CryptographyError(operation()) }
  return pointer
}

/// The count of a buffer as OpenSSL's older functions take it. What is read here has a megabyte at most, so a longer
/// one is refused.
@inline(__always)
func count32(_ count: Int, _ operation: @autoclosure () -> String) throws(CryptographyError) -> Int32 {
  guard let count = Int32(exactly: count) else {
    throw CryptographyError(operation(), because: "more than 2 GiB")
  }
  return count
}
