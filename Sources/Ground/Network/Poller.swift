internal import CLinux
import Glibc

/// What a descriptor is ready for, or is to be waited for.
struct Readiness: OptionSet {
  let rawValue: UInt32

  static let readable = Readiness(rawValue: EPOLLIN.rawValue)
  static let writable = Readiness(rawValue: EPOLLOUT.rawValue)
  /// Nothing more comes or goes. Told whether it is waited for or not.
  static let hungUp = Readiness(rawValue: EPOLLHUP.rawValue)
  /// As ``hungUp``, and ``Socket/failure`` says why.
  static let failed = Readiness(rawValue: EPOLLERR.rawValue)
}

/// Waits for descriptors, by epoll, as long as they are ready (not only when they become so).
final class Poller: @unchecked Sendable {
  // Only `wake` is called on other threads than the loop's, and it touches nothing that changes.
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

  /// A socket that is closed is forgotten by itself.
  func remove(_ socket: Socket) throws(SystemFailure) { try control(EPOLL_CTL_DEL, socket, [], 0) }

  private func control(
    _ operation: Int32, _ socket: Socket, _ interest: Readiness, _ id: UInt64
  ) throws(SystemFailure) {
    _ = try call { shim_epoll_ctl(poller, operation, socket.descriptor, interest.rawValue, id) }
  }

  /// Waits until something is ready, ``wake()`` was called, or the time is over.
  /// - Parameter milliseconds: -1 for ever.
  func wait(milliseconds: Int32, _ body: (UInt64, Readiness) -> Void) {
    // An interruption by a signal is as good as an early end.
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
    // It fails only where the counter is full, and then the loop wakes as well.
    _ = write(waker, &one, MemoryLayout<UInt64>.size)
  }
}
