import Glibc

/// What the system said to a call that failed: the only place that knows errno.
struct SystemFailure: Error {
  let code: Int32

  /// Read right after the call, on its thread.
  init() { code = errno }

  init(code: Int32) { self.code = code }

  /// In the system's words, as in "connection refused".
  var reason: String {
    var buffer = [CChar](repeating: 0, count: 128)
    // The form of POSIX, which fills the buffer.
    guard strerror_r(code, &buffer, buffer.count) == 0 else { return "error \(code)" }
    let text = String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    return text.prefix(1).lowercased() + text.dropFirst()
  }

  func error(_ operation: String) -> NetworkError { .system(operation: operation, reason: reason) }

  /// No descriptor, or no memory for one, is free at this moment.
  var isShortage: Bool { [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(code) }

  var wouldBlock: Bool { code == EAGAIN || code == EWOULDBLOCK }

  var isRefusal: Bool { code == ECONNREFUSED }

  var isInUse: Bool { code == EADDRINUSE }

  /// The peer is gone.
  var isReset: Bool { code == ECONNRESET || code == EPIPE }
}

/// Makes a call that returns -1 for a failure, again where a signal has interrupted it.
@inline(__always)
func call<Result: SignedInteger>(_ body: () -> Result) throws(SystemFailure) -> Result {
  while true {
    let result = body()
    if result >= 0 { return result }
    let failure = SystemFailure()
    if failure.code != EINTR { throw failure }
  }
}
