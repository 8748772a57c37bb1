import Certificates
import Foundation

/// Orders that wait for the ledger. Those that come while one transaction is written make up the next, so that a
/// thousand nodes at once wait for the disk a few times and not a thousand.
actor IssuingQueue {
  /// Enough that waiting for the disk does not count, few enough that the first do not wait for the last.
  private static let batch = 128

  private let limit: Int
  private let makeIssuer: @Sendable () throws -> Issuer
  private var waiting: [(order: EnrolmentOrder, answer: CheckedContinuation<FilledOrder, any Error>)] = []
  private var isWorking = false

  /// - Parameters:
  ///   - limit: how many may wait.
  ///   - makeIssuer: the authority as it is now, for each transaction.
  init(limit: Int, makeIssuer: @escaping @Sendable () throws -> Issuer) {
    self.limit = limit
    self.makeIssuer = makeIssuer
  }

  var length: Int { waiting.count }

  /// - Throws: `OrderRefusal`, `CertificatesError`, or ``Refusal`` where too many wait already.
  func fill(_ order: EnrolmentOrder) async throws -> FilledOrder {
    guard waiting.count < limit else { throw Refusal.overloaded }
    return try await withCheckedThrowingContinuation { answer in
      waiting.append((order, answer))
      guard !isWorking else { return }
      isWorking = true
      Task { await work() }
    }
  }

  private func work() async {
    while !waiting.isEmpty {
      let batch = Array(waiting.prefix(Self.batch))
      waiting.removeFirst(batch.count)
      do {
        let results = try await makeIssuer().fill(batch.map(\.order))
        for (member, result) in zip(batch, results) { member.answer.resume(with: result) }
      } catch {
        for member in batch { member.answer.resume(throwing: IssuingFailure(cause: "\(error)")) }
      }
    }
    isWorking = false
  }
}

/// The ledger could not be written, or the authority cannot be used: no fault of the client's.
struct IssuingFailure: Error {
  /// For the log, not for the client.
  let cause: String
}
