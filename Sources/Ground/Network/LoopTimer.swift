import Glibc

/// Nanoseconds of the monotonic clock, which does not jump and does not count while the machine is suspended.
struct MonotonicTime: Comparable {
  let nanoseconds: UInt64

  static var now: MonotonicTime {
    var time = timespec()
    // It cannot fail for this clock (POSIX, clock_gettime).
    clock_gettime(CLOCK_MONOTONIC, &time)
    return MonotonicTime(nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
  }

  static func < (one: MonotonicTime, other: MonotonicTime) -> Bool { one.nanoseconds < other.nanoseconds }

  /// Negative durations count as zero; a sum that is too large becomes the maximum.
  static func + (time: MonotonicTime, duration: Duration) -> MonotonicTime {
    let (seconds, attoseconds) = duration.components
    guard seconds >= 0, attoseconds >= 0 else { return time }
    let (whole, isTooMuch) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
    let (end, isTooLate) = time.nanoseconds.addingReportingOverflow(whole)
    let (exact, isBeyond) = end.addingReportingOverflow(UInt64(attoseconds) / 1_000_000_000)
    return MonotonicTime(nanoseconds: isTooMuch || isTooLate || isBeyond ? .max : exact)
  }
}

/// Work that a loop runs once at a later time. Only use it on the loop's thread.
package final class LoopTimer {
  fileprivate let due: MonotonicTime
  fileprivate var work: (() -> Void)?
  fileprivate unowned let queue: TimerQueue

  fileprivate init(due: MonotonicTime, queue: TimerQueue, work: @escaping () -> Void) {
    self.due = due
    self.queue = queue
    self.work = work
  }

  /// Discards the work and releases what it captured. Has no effect after the work has run.
  package func cancel() {
    guard work != nil else { return }
    work = nil
    queue.wasCancelled()
  }
}

/// The timers of a loop: a binary heap. Cancelled timers stay in it until they are due or until they are more than
/// half of it.
final class TimerQueue {
  private var heap: [LoopTimer] = []
  private var cancelled = 0

  func add(at due: MonotonicTime, _ work: @escaping () -> Void) -> LoopTimer {
    let timer = LoopTimer(due: due, queue: self, work: work)
    heap.append(timer)
    rise(heap.count - 1)
    return timer
  }

  /// When the next timer is due; nil without timers.
  var next: MonotonicTime? {
    while let first = heap.first, first.work == nil {
      removeFirst()
      cancelled -= 1
    }
    return heap.first?.due
  }

  /// Removes one timer that is due and returns its work, which may cancel other timers.
  func takeDue(_ now: MonotonicTime) -> (() -> Void)? {
    guard let due = next, due <= now, let first = heap.first else { return nil }
    removeFirst()
    let work = first.work
    first.work = nil
    return work
  }

  func removeAll() {
    for timer in heap { timer.work = nil }
    heap = []
    cancelled = 0
  }

  fileprivate func wasCancelled() {
    cancelled += 1
    guard cancelled > 64, cancelled > heap.count / 2 else { return }
    heap.removeAll { $0.work == nil }
    cancelled = 0
    for index in stride(from: heap.count / 2 - 1, through: 0, by: -1) { sink(index) }
  }

  private func removeFirst() {
    heap.swapAt(0, heap.count - 1)
    heap.removeLast()
    if !heap.isEmpty { sink(0) }
  }

  private func rise(_ start: Int) {
    var index = start
    while index > 0, heap[index].due < heap[(index - 1) / 2].due {
      heap.swapAt(index, (index - 1) / 2)
      index = (index - 1) / 2
    }
  }

  private func sink(_ start: Int) {
    var index = start
    while true {
      var least = index
      for child in [2 * index + 1, 2 * index + 2] where child < heap.count {
        if heap[child].due < heap[least].due { least = child }
      }
      guard least != index else { return }
      heap.swapAt(index, least)
      index = least
    }
  }
}
