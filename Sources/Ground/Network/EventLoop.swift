import Glibc
import Synchronization

/// One thread that waits for sockets and timers and calls those whom they concern.
///
/// Work is given to it from any thread with ``execute(_:)`` or ``run(_:)``. ``Connection``, ``LoopTimer`` and their
/// handlers belong to the loop's thread and are used there only; ``Confined`` carries them elsewhere and back.
///
/// A turn: what is ready is read and handed to handlers, given work is done, timers that are due run, and at last
/// everything that was written is sent, so that many small writes become one. Nothing on this thread may block.
///
/// It is sound to send because the mailbox is locked and everything else is the loop's thread's own, which the entry
/// points check.
package final class EventLoop: @unchecked Sendable {
  private struct Mailbox {
    var work: [@Sendable () -> Void] = []
    var isStopping = false
    var hasEnded = false
    var waiters: [CheckedContinuation<Void, Never>] = []
  }

  private let mailbox = Mutex(Mailbox())
  private let poller: Poller
  private let thread = Atomic<UInt>(0)

  // The thread's own.
  private var sources: [UInt64: any EventSource] = [:]
  private var lastID: UInt64 = 0
  private var isEnding = false
  private let timers = TimerQueue()
  private var toFlush: [Connection] = []
  private var toDo: [() -> Void] = []
  /// When this turn began.
  private(set) var now = MonotonicTime.now
  /// What sockets are read into: lent to one connection at a time.
  let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)

  /// Starts the thread, which runs until ``stop()``.
  /// - Throws: ``NetworkError/system(operation:reason:)`` where descriptors or threads are used up.
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

  /// Ends the program where the caller is on another thread, which is a mistake in it.
  package func requireCurrent() { precondition(isCurrent, "this belongs to the event loop's thread") }

  /// Has work done on the loop's thread, after what was given before.
  /// - Returns: false where the loop has stopped and the work is not done.
  @discardableResult
  package func execute(_ work: @escaping @Sendable () -> Void) -> Bool {
    let (isTaken, isFirst) = mailbox.withLock { mailbox in
      if mailbox.hasEnded { return (false, false) }
      mailbox.work.append(work)
      return (true, mailbox.work.count == 1)
    }
    if isFirst, !isCurrent { poller.wake() }
    return isTaken
  }

  /// Does work on the loop's thread and waits for its result.
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

  /// Ends the loop: connections and listeners are closed at once, their handlers told
  /// ``NetworkError/loopStopped``, and timers forgotten. Returns when the thread is done.
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

  /// Does work once, after a time that counts from now.
  package func schedule(after delay: Duration, _ work: @escaping () -> Void) -> LoopTimer {
    requireCurrent()
    return timers.add(at: MonotonicTime.now + delay, work)
  }

  /// Does work on this thread later in the same turn, when the caller has returned.
  package func afterwards(_ work: @escaping () -> Void) {
    requireCurrent()
    toDo.append(work)
  }

  /// Has the connection send what it holds at the end of the turn.
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

  /// Has a source told when the loop stops, though it has no socket yet.
  func hold(_ source: any EventSource) -> UInt64 {
    lastID += 1
    sources[lastID] = source
    return lastID
  }

  func letGo(_ id: UInt64) { sources[id] = nil }

  func change(_ id: UInt64, _ socket: Socket, _ interest: Readiness) throws(NetworkError) {
    do throws(SystemFailure) { try poller.change(socket, interest, id: id) } catch {
      throw error.error("wait for a socket")
    }
  }

  func remove(_ id: UInt64, _ socket: Socket) {
    sources[id] = nil
    // It fails only where the socket is not there, which is what is wanted.
    try? poller.remove(socket)
  }

  // MARK: The thread

  private func turnUntilStopped() {
    while true {
      poller.wait(milliseconds: patience()) { id, ready in
        // One that was closed in this turn is not there any more.
        sources[id]?.isReady(ready)
      }
      now = .now
      let (work, isStopping) = mailbox.withLock { mailbox in
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

  /// How long there is nothing to do, rounded up so that a timer is due when it ends.
  private func patience() -> Int32 {
    if !toDo.isEmpty || !toFlush.isEmpty || mailbox.withLock({ !$0.work.isEmpty }) { return 0 }
    guard let next = timers.next else { return -1 }
    let now = MonotonicTime.now
    guard next > now else { return 0 }
    let milliseconds = (next.nanoseconds - now.nanoseconds + 999_999) / 1_000_000
    return Int32(clamping: min(milliseconds, 60_000))
  }

  /// What is asked for while this is done comes in the next turn, which begins at once, so that nobody is kept waiting.
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
      // Nothing that was given is lost, so that nobody waits for ever.
      let (work, waiters) = mailbox.withLock { mailbox in
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

/// Whom a socket's readiness concerns. Called on the loop's thread.
protocol EventSource: AnyObject {
  func isReady(_ ready: Readiness)
  func loopStops()
}
