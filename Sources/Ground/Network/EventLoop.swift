import Glibc
import Synchronization

/// A thread that waits for sockets and timers and calls their handlers.
///
/// Any thread submits work with ``execute(_:)`` or ``run(_:)``. ``Connection``, ``LoopTimer`` and their handlers are
/// only used on the loop's thread; ``Confined`` passes them through other threads.
///
/// In each turn the loop reads from ready sockets and calls their handlers, runs submitted work, runs timers that
/// are due, and then sends what was written, so that many small writes become one. Nothing on this thread may block.
///
/// Sendable because a lock protects the mailbox and only the loop's thread accesses the rest, which the entry points
/// check.
package final class EventLoop: @unchecked Sendable {
  private struct Mailbox {
    var work: [@Sendable () -> Void] = []
    var isStopping = false
    var hasEnded = false
    var waiters: [CheckedContinuation<Void, Never>] = []
  }

  private let mailbox = Mutex(Mailbox())
  /// Counts what was put into the mailbox. The lock alone orders it before the loop's thread takes it, but ThreadSanitizer
  /// does not see the lock of `Mutex`, which is in a library that is not instrumented.
  private let submitted = Atomic<UInt>(0)
  private let poller: Poller
  private let thread = Atomic<UInt>(0)

  // Only accessed on the loop's thread.
  private var sources: [UInt64: any EventSource] = [:]
  private var lastID: UInt64 = 0
  private var isEnding = false
  private let timers = TimerQueue()
  private var toFlush: [Connection] = []
  private var toDo: [() -> Void] = []
  /// When this turn began.
  private(set) var now = MonotonicTime.now
  /// The buffer that all connections receive into, one at a time.
  let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)

  /// Starts the thread, which runs until ``stop()``.
  /// - Throws: ``NetworkError/system(operation:reason:)`` if no descriptor or thread is available.
  package init() throws(NetworkError) {
    do throws(SystemFailure) { poller = try Poller() } catch { throw error.error("start an event loop") }
    try startThread { [self] in
      thread.store(UInt(pthread_self()), ordering: .relaxed)
      turnUntilStopped()
    }
  }

  deinit { scratch.deallocate() }

  // MARK: From any thread

  /// Whether the caller is on the loop's thread.
  package var isCurrent: Bool { thread.load(ordering: .relaxed) == UInt(pthread_self()) }

  /// Stops the program if the caller is on another thread: a programming error.
  package func requireCurrent() { precondition(isCurrent, "this belongs to the event loop's thread") }

  /// Runs work on the loop's thread, after the work that was submitted before.
  /// - Returns: false if the loop has stopped; the work does not run.
  @discardableResult
  package func execute(_ work: @escaping @Sendable () -> Void) -> Bool {
    let (isTaken, isFirst) = mailbox.withLock { mailbox in
      if mailbox.hasEnded { return (false, false) }
      mailbox.work.append(work)
      submitted.add(1, ordering: .releasing)
      return (true, mailbox.work.count == 1)
    }
    if isFirst, !isCurrent { poller.wake() }
    return isTaken
  }

  /// Runs work on the loop's thread and waits for its result.
  /// - Throws: ``NetworkError/loopStopped``, or what the work throws.
  package func run<Value: Sendable>(
    _ work: @escaping @Sendable () throws(NetworkError) -> Value
  ) async throws(NetworkError) -> Value {
    let result: Result<Value, NetworkError> = await withCheckedContinuation { continuation in
      let isTaken = execute {
        continuation.resume(returning: Result { () throws(NetworkError) in try work() })
      }
      if !isTaken { continuation.resume(returning: .failure(.loopStopped)) }
    }
    return try result.get()
  }

  /// Stops the loop: closes connections and listeners at once, with ``NetworkError/loopStopped`` for their handlers,
  /// and discards timers. Returns when the loop has ended.
  package func stop() async {
    await withCheckedContinuation { continuation in
      let hasEnded = mailbox.withLock { mailbox in
        if mailbox.hasEnded { return true }
        mailbox.isStopping = true
        mailbox.waiters.append(continuation)
        return false
      }
      if hasEnded { continuation.resume() } else { poller.wake() }
    }
  }

  // MARK: On the loop's thread

  /// Runs work once, after a delay from now.
  package func schedule(after delay: Duration, _ work: @escaping () -> Void) -> LoopTimer {
    requireCurrent()
    return timers.add(at: MonotonicTime.now + delay, work)
  }

  /// Runs work later in this turn, after the caller has returned.
  package func afterwards(_ work: @escaping () -> Void) {
    requireCurrent()
    toDo.append(work)
  }

  /// Flushes the connection at the end of the turn.
  func flushLater(_ connection: Connection) { toFlush.append(connection) }

  func add(_ source: any EventSource, _ socket: Socket, _ interest: Readiness) throws(NetworkError) -> UInt64
  {
    if isEnding { throw .loopStopped }
    lastID += 1
    do throws(SystemFailure) { try poller.add(socket, interest, id: lastID) } catch {
      throw error.error("wait for a socket")
    }
    sources[lastID] = source
    return lastID
  }

  /// Registers a source that has no socket yet, so that it learns when the loop stops.
  func hold(_ source: any EventSource) -> UInt64 {
    lastID += 1
    sources[lastID] = source
    return lastID
  }

  func letGo(_ id: UInt64) { sources[id] = nil }

  /// Waits for the socket no more; its source learns when the loop stops all the same.
  func setAside(_ socket: Socket) { try? poller.remove(socket) }

  /// Waits again for a socket that was set aside.
  func takeUp(_ id: UInt64, _ socket: Socket, _ interest: Readiness) throws(NetworkError) {
    do throws(SystemFailure) { try poller.add(socket, interest, id: id) } catch {
      throw error.error("wait for a socket")
    }
  }

  func change(_ id: UInt64, _ socket: Socket, _ interest: Readiness) throws(NetworkError) {
    do throws(SystemFailure) { try poller.change(socket, interest, id: id) } catch {
      throw error.error("wait for a socket")
    }
  }

  func remove(_ id: UInt64, _ socket: Socket) {
    sources[id] = nil
    // It only fails if the socket is not registered.
    try? poller.remove(socket)
  }

  // MARK: The thread

  private func turnUntilStopped() {
    while true {
      poller.wait(milliseconds: patience()) { id, ready in
        // A source that was closed earlier in this turn is no longer in the table.
        sources[id]?.isReady(ready)
      }
      now = .now
      let (work, isStopping) = mailbox.withLock { mailbox in
        _ = submitted.load(ordering: .acquiring)
        defer { mailbox.work = [] }
        return (mailbox.work, mailbox.isStopping)
      }
      for item in work { item() }
      while let item = timers.takeDue(now) { item() }
      finishTurn()
      if isStopping { break }
    }
    end()
  }

  /// The time until the next timer in milliseconds, rounded up so that the timer is due then.
  private func patience() -> Int32 {
    if !toDo.isEmpty || !toFlush.isEmpty || mailbox.withLock({ !$0.work.isEmpty }) { return 0 }
    guard let next = timers.next else { return -1 }
    let now = MonotonicTime.now
    guard next > now else { return 0 }
    let milliseconds = (next.nanoseconds - now.nanoseconds + 999_999) / 1_000_000
    return Int32(clamping: min(milliseconds, 60_000))
  }

  /// Work that this adds runs in the next turn, which starts at once, so that sockets are not kept waiting.
  private func finishTurn() {
    let work = toDo
    toDo = []
    for item in work { item() }
    let connections = toFlush
    toFlush = []
    for connection in connections { connection.flush() }
  }

  private func end() {
    isEnding = true
    while true {
      let stopping = Array(sources.values)
      sources = [:]
      for source in stopping { source.loopStops() }
      timers.removeAll()
      while !toDo.isEmpty || !toFlush.isEmpty { finishTurn() }
      // Run all submitted work, because tasks may wait for its result.
      let (work, waiters) = mailbox.withLock { mailbox in
        _ = submitted.load(ordering: .acquiring)
        defer { mailbox.work = [] }
        guard mailbox.work.isEmpty, sources.isEmpty else {
          return (mailbox.work, [CheckedContinuation<Void, Never>]())
        }
        mailbox.hasEnded = true
        return ([], mailbox.waiters)
      }
      for item in work { item() }
      guard work.isEmpty, sources.isEmpty else { continue }
      thread.store(0, ordering: .relaxed)
      for waiter in waiters { waiter.resume() }
      return
    }
  }
}

/// An object that the loop calls when its socket is ready, on the loop's thread.
protocol EventSource: AnyObject {
  func isReady(_ ready: Readiness)
  func loopStops()
}
