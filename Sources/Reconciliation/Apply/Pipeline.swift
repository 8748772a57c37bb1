import Etcd

/// Makes changes that do not depend on each other, as many at a time as the cluster can bear.
struct Pipeline {
  private let apply: Apply
  private let total: Int
  private let started = ContinuousClock.now
  private var done = 0
  private var limit = ConcurrencyLimit()
  private var rate = Rate()
  private var lastProbe: ContinuousClock.Instant
  /// When the next change may start, for ``Apply/interval``.
  private var next: ContinuousClock.Instant

  init(_ apply: Apply, total: Int) {
    self.apply = apply
    self.total = total
    lastProbe = started
    next = started
  }

  private enum Outcome: Sendable {
    case made(time: Duration, inFlight: Int, attempts: Int)
    case failed(Change, any Error)
    /// How long a plain read took, which is what other clients notice; nil if it failed.
    case probed(Duration?)
  }

  private enum Stop {
    case failed(Change, any Error)
    case unlocked(LockError)
  }

  /// Makes all changes of a phase and returns when the last one is answered.
  /// - Parameters:
  ///   - completes: Whether the phase gives back what the phase before took away. An interruption or a lost lock
  ///     does not stop it then.
  ///   - isCompletedByNext: Whether the next phase does that, so that an interruption stops only after it.
  /// - Throws: ``ApplyError`` or what the password closure throws, when no change is in flight any more.
  mutating func carryOut(
    _ phase: [Change], completes: Bool, isCompletedByNext: Bool, _ progress: (ApplyProgress) -> Void
  ) async throws {
    var waiting = phase[...]
    var stop: Stop?
    await withTaskGroup(of: Outcome.self) { group in
      var inFlight = 0
      while true {
        while inFlight < limit.size, completes || stop == nil && !Task.isCancelled,
          let change = waiting.first
        {
          do throws(LockError) {
            if !completes { try await apply.lock?.check() }
          } catch {
            stop = .unlocked(error)
            break
          }
          if !completes, !isCompletedByNext, await isCancelledBeforeNext() { break }
          waiting.removeFirst()
          report(change, progress)
          inFlight += 1
          begin(change, inFlight: inFlight, checksLock: !completes, in: &group)
        }
        guard let outcome = await group.next() else { return }
        switch outcome {
        case .made(let time, let beside, let attempts):
          inFlight -= 1
          done += 1
          limit.made(in: time, inFlight: beside, attempts: attempts)
          rate.note(done: done, elapsed: ContinuousClock.now - started)
          report(nil, progress)
          probe(in: &group)
          if limit.pause > .zero, !waiting.isEmpty { try? await Task.sleep(for: limit.pause) }
        case .failed(let change, let error):
          inFlight -= 1
          stop = stop ?? (error as? LockError).map { .unlocked($0) } ?? .failed(change, error)
        case .probed(let time): limit.probed(time)
        }
      }
    }
    switch stop {
    case .failed(let change, let error as EtcdError):
      throw ApplyError.stopped(done: done, of: total, at: change, error)
    case .failed(_, let error): throw error
    case .unlocked(let error): throw ApplyError.unlocked(done: done, of: total, error)
    case nil: break
    }
    if !waiting.isEmpty || Task.isCancelled && done < total && !isCompletedByNext {
      throw ApplyError.interrupted(done: done, of: total)
    }
  }

  /// Waits until the next change may start.
  /// - Returns: Whether an interruption ended the wait.
  private mutating func isCancelledBeforeNext() async -> Bool {
    guard let interval = apply.interval else { return false }
    if next > .now { try? await Task.sleep(until: next) }
    next = max(next, .now) + interval
    return Task.isCancelled
  }

  private func report(_ change: Change?, _ progress: (ApplyProgress) -> Void) {
    progress(
      ApplyProgress(
        done: done, total: total, elapsed: ContinuousClock.now - started, rate: rate.perSecond, change: change
      ))
  }

  private func begin(
    _ change: Change, inFlight: Int, checksLock: Bool, in group: inout TaskGroup<Outcome>
  ) {
    group.addTask { [apply] in
      let start = ContinuousClock.now
      // A separate task, so that an interruption does not cancel it: a change in flight is completed.
      let result = await Task {
        try await apply.etcd.carryOut(change, apply.password, lock: checksLock ? apply.lock : nil)
      }
      .result
      return switch result {
      case .success(let attempts):
        .made(time: ContinuousClock.now - start, inFlight: inFlight, attempts: attempts)
      case .failure(let error): .failed(change, error)
      }
    }
  }

  /// Measures the time of a plain read, at most once a second.
  private mutating func probe(in group: inout TaskGroup<Outcome>) {
    let now = ContinuousClock.now
    guard now - lastProbe > .seconds(1) else { return }
    lastProbe = now
    group.addTask { [etcd = apply.etcd] in
      guard (try? await etcd.revision()) != nil else { return .probed(nil) }
      return .probed(ContinuousClock.now - now)
    }
  }
}
