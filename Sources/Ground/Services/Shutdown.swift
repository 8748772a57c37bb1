import Synchronization

/// The request to a service to end what it does and begin nothing new.
final class Shutdown: Sendable {
  /// The one of the service that the current task belongs to; nil outside of services.
  @TaskLocal static var current: Shutdown?

  private enum State {
    case none(waiting: [Int: AsyncStream<Never>.Continuation], next: Int)
    case begun
  }

  private let state = Mutex(State.none(waiting: [:], next: 0))

  func begin() {
    let waiting = state.withLock { state in
      guard case .none(let waiting, _) = state else { return [AsyncStream<Never>.Continuation]() }
      state = .begun
      return Array(waiting.values)
    }
    for continuation in waiting { continuation.finish() }
  }

  /// Returns when the shutdown has begun, or the task is cancelled.
  func wait() async {
    let (stream, continuation) = AsyncStream.makeStream(of: Never.self)
    let number: Int? = state.withLock { state in
      guard case .none(var waiting, let next) = state else { return nil }
      waiting[next] = continuation
      state = .none(waiting: waiting, next: next + 1)
      return next
    }
    guard let number else { return }
    for await _ in stream {}
    state.withLock { state in
      guard case .none(var waiting, let next) = state else { return }
      waiting[number] = nil
      state = .none(waiting: waiting, next: next)
    }
  }
}

/// Returns when the service that the task belongs to is asked to shut down.
/// - Throws: `CancellationError` when the task is cancelled first. Outside of a service it waits for that.
package func gracefulShutdown() async throws {
  await (Shutdown.current ?? Shutdown()).wait()
  try Task.checkCancellation()
}

/// Runs `operation`, and cancels it when the service that the task belongs to is asked to shut down.
/// - Returns: what the operation returns, after cancellation too.
/// - Throws: what the operation throws.
package func cancelWhenGracefulShutdown<Value: Sendable, Failure: Error>(
  _ operation: @Sendable @escaping () async throws(Failure) -> Value
) async throws(Failure) -> Value {
  guard let shutdown = Shutdown.current else { return try await operation() }
  let result = await withTaskGroup(of: Result<Value, Failure>?.self) { group in
    group.addTask {
      do throws(Failure) { return .success(try await operation()) } catch { return .failure(error) }
    }
    group.addTask {
      await shutdown.wait()
      return nil
    }
    while let next = await group.next() {
      // Either the shutdown has begun and the operation is to end, or the operation has ended and waiting is.
      group.cancelAll()
      if let next { return next }
    }
    preconditionFailure("the operation's task gives a result")
  }
  return try result.get()
}
