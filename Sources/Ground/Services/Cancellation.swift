/// Runs `operation`, and cancels it at the first of the signals, such as Ctrl-C, by default ``Signal/endOfProgram``. A second signal ends the process at
/// once: see ``EndSignals``.
/// - Returns: what the operation returns, after cancellation too.
/// - Throws: what the operation throws.
package func withCancellation<Value: Sendable>(
  by signals: [Signal] = Signal.endOfProgram, _ operation: @Sendable @escaping () async throws -> Value
) async throws -> Value {
  let end = await EndSignals(signals)
  let work = Task(operation: operation)
  let watch = Task {
    await end.first()
    work.cancel()
  }
  defer { watch.cancel() }
  return try await withTaskCancellationHandler {
    try await work.value
  } onCancel: {
    work.cancel()
  }
}
