import Synchronization

/// Suspends a task until the loop gives a result or the task is cancelled.
///
/// The result is only computed if the task still waits, so that a cancelled read loses no bytes.
final class Waiter<Value: Sendable>: Sendable {
  private enum State {
    case new
    case waiting(CheckedContinuation<Result<Value, NetworkError>, Never>)
    case cancelledBefore
    case done
  }

  private let state = Mutex(State.new)

  /// Waits for a result.
  /// - Parameter start: called when the task waits; returns false if there will be no result.
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

  /// - Returns: false if the task no longer waits; `make` was not called.
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
