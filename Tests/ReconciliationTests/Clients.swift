import Etcd
import Keyspace
import TestClusters

/// Clients with the certificates of users. Each reads and, if it may, writes its own key in a loop.
struct Clients {
  struct Use: Sendable {
    let user: String
    let key: Key
    let access: Access
  }

  private let task: Task<[EtcdError], any Error>

  static func start(_ uses: [Use], of cluster: TestCluster) throws -> Clients {
    // Before they run: two issuers at once would issue twice.
    for use in uses { _ = try cluster.credentials(of: use.user) }
    return Clients(
      task: Task {
        try await withThrowingTaskGroup(of: [EtcdError].self) { group in
          for use in uses {
            group.addTask { try await cluster.connect(as: use.user) { try await work(use, with: $0) } }
          }
          return try await group.reduce(into: []) { $0 += $1 }
        }
      })
  }

  /// Stops them.
  /// - Returns: Every lost answer and every refusal.
  /// - Throws: An error if a write is missing when it is read.
  func stop() async throws -> [EtcdError] {
    task.cancel()
    return try await task.value
  }

  private static func work(_ use: Use, with etcd: EtcdClient) async throws -> [EtcdError] {
    var errors: [EtcdError] = []
    var count = 0
    while !Task.isCancelled {
      count += 1
      let value = Array("\(use.user) \(count)".utf8)
      // A separate task, so that the end of the test does not look like a lost answer.
      let outcome: Result<Bool, EtcdError> = await Task {
        do throws(EtcdError) {
          guard use.access.contains(.write) else {
            _ = try await etcd.value(of: use.key)
            return .success(true)
          }
          try await etcd.put(value, at: use.key)
          return .success(try await etcd.value(of: use.key) == value)
        } catch {
          return .failure(error)
        }
      }.value
      switch outcome {
      case .success(true): break
      case .success(false): throw LostWrite(user: use.user, count: count)
      case .failure(let error):
        if error.code == .noIdentity {
          guard !errors.contains(where: { $0.code == .noIdentity }) else {
            throw RefusedTwice(user: use.user)
          }
          try await sendAgain(value, use, with: etcd, after: error, count)
        }
        errors.append(error)
      }
      try? await Task.sleep(for: .milliseconds(3))
    }
    guard count > 1 else { throw LostWrite(user: use.user, count: 0) }
    return errors
  }

  /// Retries a request that was refused because it was in flight when authentication was turned on: etcd has
  /// not applied it.
  private static func sendAgain(
    _ value: [UInt8], _ use: Use, with etcd: EtcdClient, after error: EtcdError, _ count: Int
  ) async throws {
    try await Task {
      let before = try await etcd.value(of: use.key)
      guard use.access.contains(.write) else { return }
      // If the read after the write was refused, the write itself was applied.
      if before == value, error.operation.hasPrefix("Put") { throw LostWrite(user: use.user, count: count) }
      try await etcd.put(value, at: use.key)
    }.value
  }
}

struct LostWrite: Error {
  let user: String
  let count: Int
}

/// A client was refused more than once when authentication was turned on.
struct RefusedTwice: Error { let user: String }
