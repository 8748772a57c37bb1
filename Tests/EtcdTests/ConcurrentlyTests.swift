import Etcd
import Synchronization
import Testing

@Suite struct ConcurrentlyTests {
  @Test(arguments: [1, 3, 100]) func resultsAreInOrderAndTheLimitHolds(limit: Int) async {
    let running = Mutex((now: 0, most: 0))
    let values = await concurrently(Array(0..<50), limit: limit) { number in
      running.withLock {
        $0.now += 1
        $0.most = max($0.most, $0.now)
      }
      await Task.yield()
      running.withLock { $0.now -= 1 }
      return number * 2
    }
    #expect(values == (0..<50).map { $0 * 2 })
    #expect(running.withLock(\.most) <= limit)
  }

  @Test func nothingToDo() async {
    let values: [Int] = await concurrently([Int](), limit: 4) { $0 }
    #expect(values.isEmpty)
  }
}
