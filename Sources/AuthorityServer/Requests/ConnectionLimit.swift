import Glibc

/// The number of connections that the process can have.
enum ConnectionLimit {
  /// Raises the process's limit of open files as far as the connections need and the system allows. Without a
  /// free one the server could not accept a connection or write its ledger.
  /// - Returns: the number of connections that fit.
  static func room(for connections: Int) -> Int {
    // For the ledger, the logs, the event loops.
    let others = 128
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return connections }
    if limit.rlim_cur < rlim_t(connections + others) {
      limit.rlim_cur = min(limit.rlim_max, rlim_t(connections + others))
      setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
    return max(1, min(connections, Int(clamping: limit.rlim_cur) - others))
  }
}
