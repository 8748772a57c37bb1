import Synchronization
import Testing

@testable import Services

/// What happened, in order.
final class Diary: Sendable {
  private let pages = Mutex<[String]>([])
  var entries: [String] { pages.withLock { $0 } }
  func write(_ entry: String) { pages.withLock { $0.append(entry) } }
}

/// Does what it is told to.
private struct Double: Service {
  let name: String
  let diary: Diary
  var body: @Sendable () async throws -> Void = { try await gracefulShutdown() }

  func run() async throws {
    diary.write("\(name) begins")
    do { try await body() } catch {
      diary.write(error is CancellationError ? "\(name) is cancelled" : "\(name) fails")
      throw error
    }
    diary.write("\(name) ends")
  }
}

private struct Failure: Error {}

/// Each test has signals of its own, so that they may run side by side.
@Suite struct ServiceGroupTests {
  private let diary = Diary()

  /// Runs a group, and sends it a signal when `isReady`.
  private func run(
    _ services: [Double], _ signal: Signal, patience: Duration? = nil, readyAt entries: Int
  ) async throws {
    let group = ServiceGroup(
      services, gracefulShutdownSignals: [signal], maximumGracefulShutdownDuration: patience)
    async let running: Void = group.run()
    while diary.entries.count < entries { try await Task.sleep(for: .milliseconds(5)) }
    signal.send()
    try await running
  }

  @Test(.timeLimit(.minutes(1))) func aSignalStopsThemFromTheLastToTheFirst() async throws {
    try await run(
      ["one", "two", "three"].map { name in
        Double(name: name, diary: diary) {
          try await gracefulShutdown()
          // The one before waits for this.
          try await Task.sleep(for: .milliseconds(20))
        }
      }, Signal.spare(1), readyAt: 3)
    #expect(diary.entries.suffix(3) == ["three ends", "two ends", "one ends"])
  }

  @Test(.timeLimit(.minutes(1))) func aServiceThatIsTooSlowIsCancelled() async throws {
    try await run(
      [
        Double(name: "one", diary: diary),
        Double(name: "two", diary: diary) { try await Task.sleep(for: .seconds(3600)) },
      ], Signal.spare(2), patience: .milliseconds(50), readyAt: 2)
    #expect(Set(diary.entries.suffix(2)) == ["one is cancelled", "two is cancelled"])
  }

  @Test(.timeLimit(.minutes(1))) func theFirstFailureStopsTheRestAndIsThrown() async throws {
    let group = ServiceGroup([
      Double(name: "one", diary: diary) { try await Task.sleep(for: .seconds(3600)) },
      Double(name: "two", diary: diary) { throw Failure() },
    ])
    await #expect(throws: Failure.self) { try await group.run() }
    #expect(diary.entries.last == "one is cancelled")
  }

  @Test(.timeLimit(.minutes(1))) func aFailureWhileStoppingIsThrown() async throws {
    await #expect(throws: Failure.self) {
      try await run(
        [
          Double(name: "one", diary: diary),
          Double(name: "two", diary: diary) {
            try await gracefulShutdown()
            throw Failure()
          },
        ], Signal.spare(3), readyAt: 2)
    }
    #expect(diary.entries.suffix(2) == ["two fails", "one is cancelled"])
  }

  @Test(.timeLimit(.minutes(1))) func aServiceThatReturnsEarlyStopsTheRest() async throws {
    let group = ServiceGroup([
      Double(name: "one", diary: diary), Double(name: "two", diary: diary) {},
    ])
    await #expect(throws: ServiceFinishedEarly(service: "Double")) { try await group.run() }
    #expect(diary.entries.last == "one is cancelled")
  }

  @Test(.timeLimit(.minutes(1))) func cancellationOfTheGroupCancelsTheServices() async throws {
    let group = ServiceGroup([Double(name: "one", diary: diary)])
    let running = Task { try await group.run() }
    while diary.entries.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
    running.cancel()
    try await running.value
    #expect(diary.entries == ["one begins", "one is cancelled"])
  }

  @Test(.timeLimit(.minutes(1))) func aGroupOfNoneEnds() async throws {
    try await ServiceGroup([], gracefulShutdownSignals: [Signal.spare(4)]).run()
  }

  @Test(.timeLimit(.minutes(1))) func anOperationIsCancelledByAShutdownAndGivesItsResult() async throws {
    let diary = diary
    try await run(
      [
        Double(name: "one", diary: diary) {
          let result = await cancelWhenGracefulShutdown {
            try? await Task.sleep(for: .seconds(3600))
            return Task.isCancelled ? "cancelled" : "not cancelled"
          }
          // The service itself goes on to its end.
          diary.write("\(result), \(Task.isCancelled)")
        }
      ], Signal.spare(5), readyAt: 1)
    #expect(diary.entries == ["one begins", "cancelled, false", "one ends"])
  }

  @Test(.timeLimit(.minutes(1))) func anOperationThatEndsByItselfGivesItsResult() async throws {
    let shutdown = Shutdown()
    try await Shutdown.$current.withValue(shutdown) {
      #expect(await cancelWhenGracefulShutdown { 7 } == 7)
      await #expect(throws: Failure.self) { try await cancelWhenGracefulShutdown { throw Failure() } }
      shutdown.begin()
      try await gracefulShutdown()
      #expect(await cancelWhenGracefulShutdown { 8 } == 8)
    }
    #expect(await cancelWhenGracefulShutdown { 9 } == 9)
  }
}
