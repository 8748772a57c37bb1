/// Waits until a condition holds, and looks every 50 ms.
/// - Parameter limit: How long at most; generous, because test machines are busy.
/// - Returns: Whether the condition held within the limit.
package func eventually(
  within limit: Duration = .seconds(60), _ condition: () async throws -> Bool
) async throws -> Bool {
  let end = ContinuousClock.now + limit
  repeat {
    if try await condition() { return true }
    try await Task.sleep(for: .milliseconds(50))
  } while ContinuousClock.now < end
  return try await condition()
}
