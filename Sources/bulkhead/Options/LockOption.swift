import Arguments
import Etcd
import FoundationEssentials
import Glibc
import Reconciliation
import Terminal

/// How long to wait for another process that changes the cluster's users and roles.
struct LockOption: ParsableArguments {
  @Option(help: "Seconds to wait while another process changes this cluster's users and roles.")
  var wait = 20

  @Flag(
    help: """
      In an emergency, while etcd's store is full and grants no lock: work without it, and only remove access. Make sure \
      that no other process changes users and roles.
      """)
  var noLock = false

  func validate() throws {
    guard (0...86_400).contains(wait) else { throw ValidationError("--wait takes 0 to 86400 seconds") }
  }

  /// Runs `body` while no other Bulkhead process can change users and roles.
  func holdingLock<Result: Sendable>(
    of etcd: EtcdClient, _ body: (ClusterLock) async throws -> Result
  ) async throws -> Result {
    if noLock { return try await body(ClusterLock.none(etcd)) }
    return try await ClusterLock.holding(
      etcd, as: .thisProcess, wait: .seconds(wait),
      waiting: { holder in
        Console.progress("waiting for \(holder.map { "\($0)" } ?? "another process, which holds the lock")")
      }, body)
  }
}

/// How long to wait for another process, for verbs that need the lock in any case.
struct WaitOption: ParsableArguments {
  @Option(help: "Seconds to wait while another process changes this cluster's users and roles.")
  var wait = 20

  func validate() throws {
    guard (0...86_400).contains(wait) else { throw ValidationError("--wait takes 0 to 86400 seconds") }
  }

  /// Runs `body` while no other Bulkhead process can change users and roles.
  func holdingLock<Result: Sendable>(
    of etcd: EtcdClient, _ body: (ClusterLock) async throws -> Result
  ) async throws -> Result {
    var option = LockOption()
    option.wait = wait
    return try await option.holdingLock(of: etcd, body)
  }

  /// Waits while another process changes users and roles, for a verb whose refused requests that process would count.
  func untilLockIsFree(_ etcd: EtcdClient) async throws {
    let held = try await LockStatus.whenFree(etcd, within: .seconds(wait)) { lock in
      Console.progress(
        "waiting for \(lock.holder.map { "\($0)" } ?? "another process, which holds the lock")")
    }
    guard let held else { return }
    let holder = held.holder.map { "\($0)," } ?? "a process"
    guard held.standing != .endless else {
      return Console.note(
        "warning: \(holder) holds the lock of this cluster's users and roles without a lease, so it does not expire"
      )
    }
    throw CommandError(
      "\(holder) changes this cluster's users and roles, or counts refused requests after a change: the questions of "
        + "verify are refused, and would make it take the change back",
      hint: "wait until it has finished: --wait SECONDS waits longer than \(wait) s")
  }
}

extension LockOwner {
  /// This process, from now on.
  static var thisProcess: LockOwner {
    var name = [CChar](repeating: 0, count: 256)
    gethostname(&name, name.count - 1)
    let host = String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    return LockOwner(host: host, process: getpid(), user: userName, since: Date())
  }

  /// Who runs the program; where the system has no name for the user, $USER.
  private static var userName: String {
    if let entry = getpwuid(geteuid()), let name = entry.pointee.pw_name { return String(cString: name) }
    return getenv("USER").map { String(cString: $0) } ?? ""
  }
}
