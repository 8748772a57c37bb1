import Etcd
import Keyspace
import Synchronization
import Testing

/// Writes of which each has a key of its own and is made only if that key is not there, so that afterwards it shows
/// which of them etcd executed, and whether one was executed twice.
final class CountedWrites: Sendable {
  private enum Outcome {
    case made, notProcessed, maybe, twice
    case other(EtcdError)
  }

  private let prefix: Key
  private let outcomes = Mutex<[(key: Key, outcome: Outcome)]>([])
  private let isOver = Mutex(false)

  init() { prefix = Key("/counted/\(UInt64.random(in: 0...(.max)))/") }

  /// How many calls have ended.
  var count: Int { outcomes.withLock { $0.count } }

  func end() { isOver.withLock { $0 = true } }

  /// Writes until ``end()``, but not for ever, with so many writes in flight.
  func run(_ etcd: EtcdClient, width: Int) async {
    await withTaskGroup(of: Void.self) { group in
      for caller in 0..<width {
        group.addTask { [self] in
          for number in 0..<20_000 where !isOver.withLock({ $0 }) {
            let key = prefix + Key("\(caller)-\(number)")
            let outcome = await write(key, etcd)
            outcomes.withLock { $0.append((key, outcome)) }
          }
        }
      }
    }
  }

  private func write(_ key: Key, _ etcd: EtcdClient) async -> Outcome {
    do {
      return try await etcd.put([1], at: key, onlyIf: key, wasMadeAt: 0) == nil ? .twice : .made
    } catch {
      // A member that is gone is not asked as fast as it can say so.
      try? await Task.sleep(for: .milliseconds(5))
      guard error.isTransient else { return .other(error) }
      return error.wasNotProcessed ? .notProcessed : .maybe
    }
  }

  /// Compares what the calls said with what is there.
  /// - Returns: How many were made, surely not processed, and in doubt.
  func check(_ etcd: EtcdClient) async throws -> (made: Int, notProcessed: Int, maybe: Int) {
    let present = Set(try await etcd.keys(in: .prefix(prefix)))
    var counts = (made: 0, notProcessed: 0, maybe: 0)
    for (key, outcome) in outcomes.withLock({ $0 }) {
      switch outcome {
      case .made:
        counts.made += 1
        #expect(present.contains(key), "\(key) was made and is not there")
      case .notProcessed:
        counts.notProcessed += 1
        #expect(!present.contains(key), "\(key) was surely not processed and is there")
      case .maybe: counts.maybe += 1
      case .twice: Issue.record("\(key) was written twice")
      case .other(let error): Issue.record("\(error)")
      }
    }
    return counts
  }
}
