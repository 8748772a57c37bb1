import Etcd
import FoundationEssentials
import Glibc
import Keyspace
import ThrowawayEtcd

/// For `tools/bench`: what a Range call costs the client, on one TLS connection to one member with authentication on,
/// for several sizes of the answer and several numbers of calls in flight. Every answer is compared with what was put.
///
///     range-calls ETCD [SECONDS]
///
/// Prints a line for each: bytes of the answer, calls in flight, calls made, calls a second, microseconds of the
/// client's CPU a call, and answers that were lost or wrong. Ends with 1 if there was one of those.
@main
struct RangeCalls {
  static func main() async throws {
    let arguments = CommandLine.arguments
    guard (2...3).contains(arguments.count), let seconds = Double(arguments.dropFirst(2).first ?? "3") else {
      let usage = Array("usage: range-calls ETCD [SECONDS]\n".utf8)
      write(STDERR_FILENO, usage, usage.count)
      exit(64)
    }
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "range-calls-\(UUID().uuidString.prefix(8))").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let cluster = try await ThrowawayEtcd.start(members: 1, binary: arguments[1], in: folder)
    defer { cluster.stop() }
    let failures = try await EtcdClient.connect(
      to: cluster.endpoints, as: cluster.root, timeout: .seconds(60)
    ) { etcd in
      try await etcd.addUser("root")
      try await etcd.grant(role: "root", toUser: "root")
      for workload in Workload.all { try await workload.prepare(etcd) }
      try await etcd.enableAuth()
      print("answer/B  in flight  calls  calls/s  client CPU/µs  lost or wrong")
      var failures = 0
      for workload in Workload.all {
        // The connection, the caches and the frequency of the processor find their pace.
        _ = await workload.run(etcd, for: 0.3)
        let start = Moment()
        let (calls, wrong) = await workload.run(etcd, for: seconds)
        let (time, cpu) = start.elapsed()
        failures += wrong
        print(
          "\(workload.size)  \(workload.width)  \(calls)  \(Int(Double(calls) / time))  "
            + "\((cpu / Double(calls) * 1e7).rounded() / 10)  \(wrong)")
      }
      return failures
    }
    if failures > 0 { exit(1) }
  }
}

/// Calls of one kind.
private struct Workload: Sendable {
  let width: Int
  /// How many keys an answer has, and how many bytes each of their values.
  let keys: Int
  let bytes: Int

  /// etcd takes no more than 1.5 MB at a time, so larger answers have several keys.
  static let all =
    [1, 64].map { Workload(width: $0, keys: 1, bytes: 49) }
    + [
      Workload(width: 64, keys: 1, bytes: 10_000), Workload(width: 64, keys: 1, bytes: 100_000),
      Workload(width: 8, keys: 1, bytes: 1_000_000), Workload(width: 64, keys: 1, bytes: 1_000_000),
      Workload(width: 8, keys: 12, bytes: 1_000_000),
    ]

  var size: Int { keys * bytes }
  private var prefix: Key { Key("/range-calls/\(keys)-\(bytes)/") }

  private func key(_ number: Int) -> Key { prefix + Key("\(number + 100)") }

  private func value(_ number: Int) -> [UInt8] {
    (0..<bytes).map { UInt8(truncatingIfNeeded: ($0 &+ number) &* 31 &+ $0 >> 8) }
  }

  func prepare(_ etcd: EtcdClient) async throws {
    for number in 0..<keys { try await etcd.put(value(number), at: key(number)) }
  }

  /// - Returns: How many calls were made, and how many of them had no or a wrong answer.
  func run(_ etcd: EtcdClient, for seconds: Double) async -> (calls: Int, wrong: Int) {
    let expected = (0..<keys).map(value)
    let range = KeyRange.prefix(prefix)
    let end = ContinuousClock.now + .seconds(seconds)
    return await withTaskGroup(of: (calls: Int, wrong: Int).self) { group in
      for _ in 0..<width {
        group.addTask {
          var sum = (calls: 0, wrong: 0)
          while ContinuousClock.now < end {
            sum.calls += 1
            let answer = try? await etcd.entries(in: range)
            if answer.map({ $0.map(\.value) }) != expected { sum.wrong += 1 }
          }
          return sum
        }
      }
      return await group.reduce(into: (0, 0)) { $0 = ($0.0 + $1.calls, $0.1 + $1.wrong) }
    }
  }
}

/// A point in time, and in this process's use of processors.
private struct Moment {
  private let time = ContinuousClock.now
  private let cpu = Self.cpu()

  func elapsed() -> (seconds: Double, cpu: Double) {
    ((ContinuousClock.now - time) / .seconds(1), Self.cpu() - cpu)
  }

  private static func cpu() -> Double {
    var usage = rusage()
    getrusage(RUSAGE_SELF.rawValue, &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return seconds(usage.ru_utime) + seconds(usage.ru_stime)
  }
}
