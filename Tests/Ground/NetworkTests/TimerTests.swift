import Network
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(30))) struct TimerTests {
  @Test func timersRunInTheOrderOfTheirTimes() async throws {
    try await withLoop { loop in
      let order = Log<Int>()
      _ = try await loop.run { () throws(NetworkError) in
        for number in [3, 1, 4, 0, 2] {
          _ = loop.schedule(after: .milliseconds(number * 10)) { order.add(number) }
        }
        return true
      }
      let isDone = try await loop.eventually { order.all.count == 5 }
      #expect(isDone)
      #expect(order.all == [0, 1, 2, 3, 4])
    }
  }

  /// As with calls that end before their deadline.
  @Test func cancelledTimersDoNotRun() async throws {
    try await withLoop { loop in
      let ran = Log<Int>()
      _ = try await loop.run { () throws(NetworkError) in
        var generator = SeededGenerator(seed: 3)
        let timers = (0..<10_000).map { number in
          loop.schedule(after: .milliseconds(Int.random(in: 1...50, using: &generator))) { ran.add(number) }
        }
        for (number, timer) in timers.enumerated() where number % 10 != 0 { timer.cancel() }
        return true
      }
      let isDone = try await loop.eventually { ran.all.count >= 1_000 }
      #expect(isDone)
      #expect(ran.all.sorted() == Array(stride(from: 0, to: 10_000, by: 10)))
    }
  }

  @Test func aTimerMayCancelTheNext() async throws {
    try await withLoop { loop in
      let ran = Log<String>()
      _ = try await loop.run { () throws(NetworkError) in
        let second = loop.schedule(after: .milliseconds(2)) { ran.add("second") }
        _ = loop.schedule(after: .milliseconds(1)) {
          ran.add("first")
          second.cancel()
        }
        _ = loop.schedule(after: .milliseconds(20)) { ran.add("last") }
        return true
      }
      let isDone = try await loop.eventually { ran.all.last == "last" }
      #expect(isDone)
      #expect(ran.all == ["first", "last"])
    }
  }

  @Test func workFromManyThreadsIsDoneOnce() async throws {
    try await withLoop { loop in
      let done = Log<Int>()
      await withTaskGroup { group in
        for number in 0..<1_000 {
          group.addTask { _ = try? await loop.run { () throws(NetworkError) in done.add(number) } }
        }
      }
      #expect(done.all.sorted() == Array(0..<1_000))
    }
  }
}
