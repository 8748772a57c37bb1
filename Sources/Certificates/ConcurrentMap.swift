import Dispatch
import Synchronization

extension Array where Element: Sendable {
  /// Like `map`, on all cores. For work that takes much longer than its dispatch.
  /// - Throws: the error of the first element, in order, for which `transform` throws.
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
