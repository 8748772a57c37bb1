import Catalogue
import Etcd
import Foundation
import Reconciliation
import Segmentation

/// For `tools/bench-apply`: makes what a segmentation file wants in an etcd that has none of it, with the bare calls
/// and nothing else, over one connection: in the order in which one would write them down (the shared roles with their
/// grants, then user by user its own role, its grants, itself and its links), or in the order of Bulkhead's plan.
///
///     naive-writes FILE naive|planned AT-A-TIME SECONDS
@main
struct NaiveWrites {
  static func main() async throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 5, ["naive", "planned"].contains(arguments[2]), let width = Int(arguments[3]),
      let seconds = Int(arguments[4])
    else {
      FileHandle.standardError.write(
        Data("usage: naive-writes FILE naive|planned AT-A-TIME SECONDS\n".utf8))
      exit(64)
    }
    let path = arguments[1]
    let catalogue = try Catalogue.embedded()
    let file = try SegmentationFile(
      try String(contentsOfFile: path, encoding: .utf8), file: path, catalogue: catalogue)
    let desired = DesiredState(try Segmentation(file, catalogue: catalogue))
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
    let credentials = ClientCredentials(
      authority: folder.appending(path: file.etcd.ca).path,
      certificate: folder.appending(path: file.etcd.certificate).path,
      key: folder.appending(path: file.etcd.key).path)

    let (done, total, time) = try await EtcdClient.connect(
      to: [file.etcd.endpoints[0]], as: credentials, timeout: .seconds(120)
    ) { etcd in
      let state = try await ClusterState.observe(etcd, tryingPasswords: false)
      let steps =
        arguments[2] == "naive"
        ? Chain.naive(desired, from: state) : Chain.planned(desired, from: state)
      let start = ContinuousClock.now
      var done = 0
      for step in steps {
        done += try await carryOut(step, etcd, width: width, until: start + .seconds(seconds))
      }
      return (done, steps.joined().reduce(0) { $0 + $1.changes.count }, ContinuousClock.now - start)
    }
    print("\(done) \(total) \(time / .seconds(1))")
  }

  /// - Returns: How many changes were made before the deadline.
  private static func carryOut(
    _ chains: [Chain], _ etcd: EtcdClient, width: Int, until deadline: ContinuousClock.Instant
  ) async throws -> Int {
    let counts = await concurrently(chains, limit: width) { chain in
      await Result.of { try await chain.carryOut(etcd, until: deadline) }
    }
    return try counts.reduce(0) { try $0 + $1.get() }
  }
}

extension Result where Failure == any Error {
  fileprivate static func of(_ body: () async throws -> Success) async -> Result {
    do { return .success(try await body()) } catch { return .failure(error) }
  }
}

/// Changes of which each needs the one before it.
private struct Chain: Sendable {
  var changes: [Change] = []

  func carryOut(_ etcd: EtcdClient, until deadline: ContinuousClock.Instant) async throws -> Int {
    for (index, change) in changes.enumerated() {
      guard ContinuousClock.now < deadline else { return index }
      switch change {
      case .addRole(let role): try await etcd.addRole(role)
      case .grant(let permission, let role): try await etcd.grant(permission, toRole: role)
      case .addUser(let user): try await etcd.addUser(user)
      case .link(let user, let role): try await etcd.grant(role: role, toUser: user)
      default: throw Unexpected(change: change)
      }
    }
    return changes.count
  }

  private struct Unexpected: Error { let change: Change }
}

extension Chain {
  /// Chains of which those of a step need only the steps before.
  static func planned(_ desired: DesiredState, from state: ClusterState) -> [[Chain]] {
    Plan(from: state, to: desired, applicant: nil).phases.map { $0.map { Chain(changes: [$0]) } }
  }

  static func naive(_ desired: DesiredState, from state: ClusterState) -> [[Chain]] {
    let names = Set(desired.users.map(\.name))
    var shared = Chain()
    var own: [String: [Change]] = [:]
    for role in desired.roles where state.roles[role.name] == nil {
      let changes = [.addRole(role.name)] + role.permissions.map { Change.grant($0, toRole: role.name) }
      if names.contains(role.name) { own[role.name] = changes } else { shared.changes += changes }
    }
    let users = desired.users.filter { state.users[$0.name] == nil }.map { user in
      Chain(
        changes: (own[user.name] ?? []) + [.addUser(user.name)]
          + user.roles.map { .link(user: user.name, role: $0) })
    }
    return [[shared], users]
  }
}
