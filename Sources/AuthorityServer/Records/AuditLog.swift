import Dispatch
import FoundationEssentials
import Log
import Services
import Synchronization

/// The audit log: one line of JSON for each decision, on the disk before the answer is sent, in a file with mode 0600;
/// or on standard error.
///
/// Its growth is bounded: texts from requests are cut, and refusals over a limit are counted and summed in one line
/// for each status and method. Decisions that arrive while others are written wait and are written together.
final class AuditLog: Service {
  /// Refusals that are not written one by one.
  private struct Sum {
    var count = 0
    var client: String
  }
  private struct Kind: Hashable {
    let status: Int
    let method: String?
  }
  private typealias Waiting = (entry: AuditEntry, answer: CheckedContinuation<Void, any Error>?)

  private struct State {
    var waiting: [Waiting] = []
    var isWriting = false
    var mustReopen = false
    var sums: [Kind: Sum] = [:]
    var summed = 0
    var hasFailed = false
  }

  /// The thread of the file.
  private let queue = DispatchQueue(label: "audit log")
  private let file: Confined
  private let state = Mutex(State())
  private let limit: RateLimit
  private let interval: Duration
  private let heedsSignals: Mutex<Bool>
  private let logger: Logger

  /// The file, which only the queue uses.
  private final class Confined: @unchecked Sendable {
    var file: AuditFile
    init(_ file: consuming AuditFile) { self.file = file }
  }

  /// - Parameter path: nil for standard error.
  /// - Throws: ``AuthorityServerError``.
  init(_ path: String?, limits: AuthoritySettings.Limits, logger: Logger) throws {
    file = Confined(try AuditFile(path))
    limit = RateLimit(
      rate: limits.refusalsPerClient, burst: limits.refusalsPerClient * 20, total: limits.refusals,
      totalBurst: 200)
    interval = limits.sumInterval
    heedsSignals = Mutex(true)
    self.logger = logger
    if let path { logger.notice("the audit log \(path) continues after \(file.file.chain.value)") }
  }

  /// How many refusals were counted and not written one by one, since the start.
  var summed: Int { state.withLock { $0.summed } }
  /// Whether the newest entries were written.
  var isWritable: Bool { !state.withLock { $0.hasFailed } }

  func ignoreSignals() { heedsSignals.withLock { $0 = false } }

  /// Writes a decision. Returns when the disk has it.
  /// - Throws: ``AuditFailure`` if it cannot be written.
  func record(_ entry: AuditEntry) async throws {
    try await withCheckedThrowingContinuation { add((entry, $0)) }
  }

  /// Writes a refusal, or counts it if there are too many.
  /// - Throws: ``AuditFailure`` if it cannot be written.
  func refuse(_ entry: AuditEntry, status: Int, network: String?) async throws {
    let client = entry.client ?? ""
    // A refusal by the rate limit says nothing but that.
    guard status == 429 || limit.take(client, network: network) != nil else { return try await record(entry) }
    state.withLock { state in
      state.summed += 1
      let kind = Kind(status: status, method: entry.method)
      var sum = state.sums[kind] ?? Sum(client: client)
      sum.count += 1
      if sum.client != client { sum.client = "several" }
      state.sums[kind] = sum
    }
  }

  /// Writes the sums of refusals at intervals and at the end, and opens the file again on SIGHUP.
  func run() async throws {
    let signals: SignalSequence? =
      heedsSignals.withLock { $0 } ? await SignalSequence(trapping: .sighup) : nil
    let reopening = Task {
      guard let signals else { return }
      for await _ in signals { self.reopen() }
    }
    try? await cancelWhenGracefulShutdown {
      while true {
        try await Task.sleep(for: self.interval)
        self.writeSums()
      }
    }
    reopening.cancel()
    try? await record(sums())
    // Connections that end later may still hold this log.
    queue.sync { file.file.end() }
  }

  /// Opens the file again before the next entry, because it was renamed.
  func reopen() {
    state.withLock { $0.mustReopen = true }
    start()
  }

  func writeSums() {
    for entry in sums() { add((entry, nil)) }
  }

  private func record(_ entries: [AuditEntry]) async throws {
    for entry in entries { try await record(entry) }
  }

  private func sums() -> [AuditEntry] {
    let sums = state.withLock { state in
      defer { state.sums = [:] }
      return state.sums
    }
    return sums.sorted { ($0.key.status, $0.key.method ?? "") < ($1.key.status, $1.key.method ?? "") }.map {
      AuditEntry(
        time: Date(), decision: .refused, method: $0.key.method, client: $0.value.client,
        reason: "refusals with status \($0.key.status) that are not listed", count: $0.value.count)
    }
  }

  private func add(_ new: Waiting) {
    state.withLock { $0.waiting.append(new) }
    start()
  }

  private func start() {
    let isToStart = state.withLock { state in
      defer { state.isWriting = true }
      return !state.isWriting
    }
    if isToStart { queue.async { self.work() } }
  }

  private func work() {
    while true {
      let (waiting, mustReopen): ([Waiting], Bool) = state.withLock { state in
        defer {
          state.isWriting = !state.waiting.isEmpty || state.mustReopen
          state.waiting = []
          state.mustReopen = false
        }
        return (state.waiting, state.mustReopen)
      }
      if mustReopen { reopenNow() }
      guard !waiting.isEmpty else {
        guard mustReopen else { return }
        continue
      }
      do {
        try file.file.append(waiting.map(\.entry))
        state.withLock { $0.hasFailed = false }
        for item in waiting { item.answer?.resume() }
      } catch {
        state.withLock { $0.hasFailed = true }
        for item in waiting { item.answer?.resume(throwing: error) }
      }
    }
  }

  private func reopenNow() {
    do {
      guard try file.file.reopen() else { return }
      logger.notice("the audit log was opened again and continues after \(file.file.chain.value)")
    } catch {
      logger.error("the audit log stays in the file before: \(error)")
    }
  }
}
