import Certificates
import FoundationEssentials

/// Orders that wait for the ledger. Orders that arrive during a transaction form the next one, so that a
/// thousand nodes at once cause a few disk writes instead of a thousand.
actor IssuingQueue {
  /// Large enough that the disk write does not dominate, small enough that the first orders do not wait for
  /// the last.
  private static let batch = 128

  private let limit: Int
  private let makeIssuer: @Sendable () throws -> Issuer
  private var waiting: [(order: EnrolmentOrder, answer: CheckedContinuation<FilledOrder, any Error>)] = []
  private var isWorking = false

  /// - Parameters:
  ///   - limit: the number of orders that may wait.
  ///   - makeIssuer: returns the current authority, for each transaction.
  init(limit: Int, makeIssuer: @escaping @Sendable () throws -> Issuer) {
    self.limit = limit
    self.makeIssuer = makeIssuer
  }

  var length: Int { waiting.count }

  /// - Throws: `OrderRefusal`, `CertificatesError`, or ``Refusal`` if too many orders wait.
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

/// The ledger could not be written, or the authority cannot be used: a failure of the server.
struct IssuingFailure: Error {
  /// For the log, not for the client.
  let cause: String
}
