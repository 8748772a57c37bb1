import Dispatch
import Synchronization

extension Array where Element: Sendable {
  /// As `map`, on all cores, for work that takes much longer than handing it over.
  /// - Throws: what `transform` throws, of the first element that it throws for.
  func concurrentMap<Result: Sendable>(
    _ transform: @Sendable (Element) throws -> Result
  ) throws -> [Result] {
    let results = Mutex([Swift.Result<Result, any Error>?](repeating: nil, count: count))
    DispatchQueue.concurrentPerform(iterations: count) { index in
      let result = Swift.Result { try transform(self[index]) }
      results.withLock { $0[index] = result }
    }
    return try results.withLock { try $0.compactMap { try $0?.get() } }
  }
}
