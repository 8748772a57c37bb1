import Glibc
import HummingbirdCore
import Logging
import NIOCore
import Synchronization

/// Limits the connections of one address, so that no single address can use all of them.
final class ConnectionLimit: Sendable {
  private let most: Int
  private let open = Mutex<[String: Int]>([:])

  init(perClient most: Int) { self.most = most }

  /// Counts a connection until it closes.
  /// - Returns: false if the limit is exceeded.
  func admit(_ channel: any Channel) -> Bool {
    let client = channel.remoteAddress?.ipAddress ?? ""
    let isAdmitted = open.withLock { open in
      open[client, default: 0] += 1
      return open[client, default: 0] <= most
    }
    channel.closeFuture.whenComplete { [self] _ in
      open.withLock { open in
        let left = (open[client] ?? 1) - 1
        open[client] = left > 0 ? left : nil
      }
    }
    return isAdmitted
  }

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

/// Connections. Those beyond their client's limit are closed before anything is read.
struct LimitedChannel<Base: ServerChildChannel>: ServerChildChannel {
  let base: Base
  let limit: ConnectionLimit

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Base.Value> {
    let isAdmitted = limit.admit(channel)
    // An error here would close the server's listening channel, so the connection is closed as if by the
    // client.
    if !isAdmitted { channel.eventLoop.execute { channel.close(promise: nil) } }
    return base.setup(channel: channel, logger: logger)
  }

  func handle(value: Base.Value, logger: Logger) async { await base.handle(value: value, logger: logger) }
}
