internal import CLinux
import Glibc

/// What a descriptor is ready for, or what to wait for.
struct Readiness: OptionSet {
  let rawValue: UInt32

  static let readable = Readiness(rawValue: EPOLLIN.rawValue)
  static let writable = Readiness(rawValue: EPOLLOUT.rawValue)
  /// Both directions are closed. Reported whether or not it is requested.
  static let hungUp = Readiness(rawValue: EPOLLHUP.rawValue)
  /// The socket has an error, which ``Socket/failure`` returns. Reported whether or not it is requested.
  static let failed = Readiness(rawValue: EPOLLERR.rawValue)
}

/// Waits for descriptors with level-triggered epoll.
final class Poller: @unchecked Sendable {
  // Sendable because other threads than the loop's only call `wake`, which accesses no mutable state.
  private let poller: Int32
  private let waker: Int32
  private var events = [epoll_event](repeating: epoll_event(), count: 256)

  init() throws(SystemFailure) {
    poller = try call { epoll_create1(Int32(EPOLL_CLOEXEC)) }
    do throws(SystemFailure) {
      waker = try call { eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC)) }
    } catch {
      close(poller)
      throw error
    }
    do throws(SystemFailure) {
      _ = try call { shim_epoll_ctl(poller, EPOLL_CTL_ADD, waker, EPOLLIN.rawValue, 0) }
    } catch {
      close(waker)
      close(poller)
      throw error
    }
  }

  deinit {
    close(waker)
    close(poller)
  }

  /// - Parameter id: not 0.
  func add(_ socket: Socket, _ interest: Readiness, id: UInt64) throws(SystemFailure) {
    try control(EPOLL_CTL_ADD, socket, interest, id)
  }

  func change(_ socket: Socket, _ interest: Readiness, id: UInt64) throws(SystemFailure) {
    try control(EPOLL_CTL_MOD, socket, interest, id)
  }

  /// Not needed for a socket that is closed.
  func remove(_ socket: Socket) throws(SystemFailure) { try control(EPOLL_CTL_DEL, socket, [], 0) }

  private func control(
    _ operation: Int32, _ socket: Socket, _ interest: Readiness, _ id: UInt64
  ) throws(SystemFailure) {
    _ = try call { shim_epoll_ctl(poller, operation, socket.descriptor, interest.rawValue, id) }
  }

  /// Waits until a descriptor is ready, ``wake()`` is called, or the time has passed.
  /// - Parameter milliseconds: -1 to wait without a limit.
  func wait(milliseconds: Int32, _ body: (UInt64, Readiness) -> Void) {
    // EINTR has the same effect as a timeout: the loop calls again.
    let count = epoll_wait(poller, &events, Int32(events.count), milliseconds)
    guard count > 0 else { return }
    for index in 0..<Int(count) {
      let (id, ready) = withUnsafePointer(to: &events[index]) { (shim_epoll_id($0), shim_epoll_events($0)) }
      if id == 0 {
        var count: UInt64 = 0
        _ = read(waker, &count, MemoryLayout<UInt64>.size)
      } else {
        body(id, Readiness(rawValue: ready))
      }
    }
  }

  func wake() {
    var one: UInt64 = 1
    // It only fails if the counter is full, and then the loop wakes anyway.
    _ = write(waker, &one, MemoryLayout<UInt64>.size)
  }
}
