import Glibc

/// The error of a failed system call. Only this file reads errno.
struct SystemFailure: Error {
  let code: Int32

  /// Reads errno: call it directly after the failed call, on the same thread.
  init() { code = errno }

  init(code: Int32) { self.code = code }

  /// The system's message, such as "connection refused".
  var reason: String {
    var buffer = [CChar](repeating: 0, count: 128)
    // The POSIX variant, which fills the buffer.
    guard strerror_r(code, &buffer, buffer.count) == 0 else { return "error \(code)" }
    let text = String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    return text.prefix(1).lowercased() + text.dropFirst()
  }

  func error(_ operation: String) -> NetworkError { .system(operation: operation, reason: reason) }

  /// No descriptor or memory is available now.
  var isShortage: Bool { [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(code) }

  var wouldBlock: Bool { code == EAGAIN || code == EWOULDBLOCK }

  var isRefusal: Bool { code == ECONNREFUSED }

  var isInUse: Bool { code == EADDRINUSE }

  /// The peer has closed or reset the connection.
  var isReset: Bool { code == ECONNRESET || code == EPIPE }
}

/// Makes a call that returns -1 on failure, and repeats it if a signal interrupts it.
@inline(__always)
func call<Result: SignedInteger>(_ body: () -> Result) throws(SystemFailure) -> Result {
  while true {
    let result = body()
    if result >= 0 { return result }
    let failure = SystemFailure()
    if failure.code != EINTR { throw failure }
  }
}
