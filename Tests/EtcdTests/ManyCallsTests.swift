import GRPC
import Keyspace
import Protobuf
import TestClusters
import TestSupport
import Testing

@testable import Etcd

@Suite("Many calls on one connection", .realEtcd, .timeLimit(.minutes(30)))
struct ManyCallsTests {
  private static let pattern: [UInt8] = {
    var random = SeededGenerator(seed: 12)
    return (0..<200_000).flatMap { _ in withUnsafeBytes(of: random.next()) { Array($0) } }
  }()

  private static func value(_ count: Int, _ number: Int) -> [UInt8] {
    var value = Array(pattern.prefix(count))
    for (place, byte) in "\(number)".utf8.enumerated() where place < count { value[place] = byte }
    return value
  }

  @Test("each gets its own answer, whatever its size", arguments: EtcdRelease.client)
  func sizes(release: EtcdRelease) async throws {
    let cluster = try await SharedClusters.all.cluster(release, for: "values")
    let folder = Key("/\(unique("sizes"))/")
    let sizes = [0, 1, 49, 10_000, 100_000, 1_000_000]
    try await cluster.connect { etcd in
      for size in sizes { try await etcd.put(Self.value(size, size), at: folder + Key("\(size)")) }
      // Some of them in one answer: 12 MB.
      for number in 10..<22 {
        try await etcd.put(Self.value(1_000_000, number), at: folder + Key("many/\(number)"))
      }
      let wrong = try await withThrowingTaskGroup(of: Int.self) { group in
        for caller in 0..<64 {
          group.addTask {
            var wrong = 0
            for number in 0..<(caller % 8 == 0 ? 6 : 20) {
              let size = sizes[(caller + number) % (caller % 8 == 0 ? 6 : 4)]
              if try await etcd.value(of: folder + Key("\(size)")) != Self.value(size, size) { wrong += 1 }
            }
            guard caller % 16 == 0 else { return wrong }
            let many = try await etcd.entries(in: .prefix(folder + "many/"))
            return wrong + (many.map(\.value) == (10..<22).map { Self.value(1_000_000, $0) } ? 0 : 1)
          }
        }
        return try await group.reduce(0, +)
      }
      #expect(wrong == 0)
    }
  }

  @Test("a request that is larger than the member's window arrives whole", arguments: EtcdRelease.client)
  func largeRequests(release: EtcdRelease) async throws {
    let cluster = try await SharedClusters.all.cluster(release, for: "values")
    let folder = Key("/\(unique("large"))/")
    try await cluster.connect { etcd in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<8 {
          group.addTask {
            try await etcd.put(Self.value(1_400_000, number), at: folder + Key("\(number)"))
          }
        }
        try await group.waitForAll()
      }
      for number in 0..<8 {
        #expect(try await etcd.value(of: folder + Key("\(number)")) == Self.value(1_400_000, number))
      }
      let tooLarge = await #expect(throws: EtcdError.self) {
        try await etcd.put(Self.value(3_000_000, 0), at: folder + "x")
      }
      #expect(
        tooLarge?.message.contains("larger than max") == true
          || tooLarge?.message.contains("too large") == true)
    }
  }

  @Test(
    "a watch brings every event in order, and one that nobody reads stops no call",
    arguments: EtcdRelease.client)
  func watch(release: EtcdRelease) async throws {
    let cluster = try await SharedClusters.all.cluster(release, for: "values")
    let key = Key("/\(unique("watched"))")
    let (count, size) = (60, 100_000)
    try await cluster.connect { etcd in
      let stream = etcd.connections[0].channel.stream(
        GRPCRequest(path: Watch.watch.path, timeout: .seconds(60)))
      defer { stream.cancel() }
      stream.send(WatchCreate(key: key.bytes, rangeEnd: []).protobuf)
      let created = try await stream.next().map { try WatchResponse(protobuf: $0) }
      #expect(created?.created == true)
      // Six times as many bytes as the stream's window has room for.
      for number in 0..<count { try await etcd.put(Self.value(size, number), at: key) }
      for _ in 0..<20 { _ = try await etcd.within(.seconds(20)).revision() }
      var events = 0
      while events < count {
        guard let message = try await stream.next() else { break }
        events += try WatchResponse(protobuf: message).events
      }
      #expect(events == count)
      // Half-closed, it goes on, and ends when it is cancelled.
      stream.finishSending()
      stream.cancel()
      let end = await #expect(throws: GRPCError.self) { _ = try await stream.next() }
      #expect(end?.status == .cancelled)
    }
  }

  @Test("a lease is renewed beside them", arguments: EtcdRelease.current)
  func leases(release: EtcdRelease) async throws {
    let cluster = try await SharedClusters.all.cluster(release, for: "values")
    try await cluster.connect { etcd in
      let lease = try await etcd.grantLease(seconds: 60)
      try await withThrowingTaskGroup(of: Bool.self) { group in
        for _ in 0..<64 { group.addTask { try await etcd.renew(lease) } }
        for try await isThere in group { #expect(isThere) }
      }
      try await etcd.revoke(lease)
      #expect(try await !etcd.renew(lease))
      #expect(try await etcd.remaining(of: lease) == nil)
    }
  }
}
