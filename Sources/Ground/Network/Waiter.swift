import Synchronization

/// A task that waits for one result, from whichever side it comes first: the loop, or the task's cancellation.
///
/// A result is made only where the task still waits, so that bytes that were meant for a cancelled one are not lost.
final class Waiter<Value: Sendable>: Sendable {
  private enum State {
    case new
    case waiting(CheckedContinuation<Result<Value, NetworkError>, Never>)
    case cancelledBefore
    case done
  }

  private let state = Mutex(State.new)

  /// Waits for a result.
  /// - Parameter start: called once the task waits; false where nothing will come.
  func wait(_ start: @Sendable () -> Bool) async -> Result<Value, NetworkError> {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isCancelled = state.withLock { state in
          if case .cancelledBefore = state { return true }
          state = .waiting(continuation)
          return false
        }
        if isCancelled { return continuation.resume(returning: .failure(.cancelled)) }
        if !start() { resume { .failure(.loopStopped) } }
      }
    } onCancel: {
      let isNew = state.withLock { state in
        guard case .new = state else { return false }
        state = .cancelledBefore
        return true
      }
      if !isNew { resume { .failure(.cancelled) } }
    }
  }

  var isWaiting: Bool {
    state.withLock { if case .waiting = $0 { true } else { false } }
  }

  /// - Returns: false where the task waits no more, and `make` was not called.
  @discardableResult
  func resume(_ make: () -> Result<Value, NetworkError>) -> Bool {
    let continuation: CheckedContinuation<Result<Value, NetworkError>, Never>? = state.withLock { state in
      guard case .waiting(let continuation) = state else { return nil }
      state = .done
      return continuation
    }
    guard let continuation else { return false }
    continuation.resume(returning: make())
    return true
  }
}
