import Catalogue
import Etcd
import Foundation
import Reconciliation
import Segmentation

/// For `tools/bench`: makes what a segmentation file wants in an etcd that has none of it, with the bare calls and
/// nothing else, over one connection, in the order in which one would write them down: the shared roles with their
/// grants, then user by user its own role, its grants, itself and its links.
///
///     naive-writes FILE [USERS AT A TIME] [SECONDS]
@main
struct NaiveWrites {
  static func main() async throws {
    let arguments = CommandLine.arguments.dropFirst()
    guard let path = arguments.first else {
      FileHandle.standardError.write(Data("usage: naive-writes FILE [USERS AT A TIME] [SECONDS]\n".utf8))
      exit(64)
    }
    let numbers = arguments.dropFirst().compactMap { Int($0) }
    let width = numbers.first ?? 1

    let catalogue = try Catalogue.embedded()
    let file = try SegmentationFile(
      try String(contentsOfFile: path, encoding: .utf8), file: path, catalogue: catalogue)
    let desired = DesiredState(try Segmentation(file, catalogue: catalogue))
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
    let credentials = ClientCredentials(
      authority: folder.appending(path: file.etcd.ca).path,
      certificate: folder.appending(path: file.etcd.certificate).path,
      key: folder.appending(path: file.etcd.key).path)

    let start = ContinuousClock.now
    let deadline = start + .seconds(numbers.dropFirst().first ?? 3600)
    let (done, total) = try await EtcdClient.connect(
      to: [file.etcd.endpoints[0]], as: credentials, timeout: .seconds(120)
    ) { etcd in
      let chains = Chains(desired, users: Set(try await etcd.users()), roles: Set(try await etcd.roles()))
      var done = try await chains.first.run(etcd, until: deadline)
      done += try await withThrowingTaskGroup(of: Int.self) { group in
        var waiting = chains.rest[...]
        func next() {
          guard let chain = waiting.popFirst() else { return }
          group.addTask { try await chain.run(etcd, until: deadline) }
        }
        for _ in 0..<width { next() }
        var sum = 0
        for try await count in group {
          sum += count
          next()
        }
        return sum
      }
      return (done, chains.total)
    }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    print("\(done) \(total) \(seconds)")
  }
}

/// Writes of which each needs the one before it.
private struct Chain: Sendable {
  enum Write {
    case role(String)
    case grant(Permission, String)
    case user(String)
    case link(String, String)
  }
  var writes: [Write] = []

  /// - Returns: How many were made before the deadline.
  func run(_ etcd: EtcdClient, until deadline: ContinuousClock.Instant) async throws -> Int {
    for (index, write) in writes.enumerated() {
      guard ContinuousClock.now < deadline else { return index }
      switch write {
      case .role(let role): try await etcd.addRole(role)
      case .grant(let permission, let role): try await etcd.grant(permission, toRole: role)
      case .user(let user): try await etcd.addUser(user)
      case .link(let user, let role): try await etcd.grant(role: role, toUser: user)
      }
    }
    return writes.count
  }
}

private struct Chains {
  private(set) var first = Chain()
  private(set) var rest: [Chain] = []
  var total: Int { first.writes.count + rest.reduce(0) { $0 + $1.writes.count } }

  init(_ desired: DesiredState, users: Set<String>, roles: Set<String>) {
    let names = Set(desired.users.map(\.name))
    var own: [String: [Chain.Write]] = [:]
    for role in desired.roles where !roles.contains(role.name) {
      let writes = [.role(role.name)] + role.permissions.map { Chain.Write.grant($0, role.name) }
      if names.contains(role.name) { own[role.name] = writes } else { first.writes += writes }
    }
    for user in desired.users where !users.contains(user.name) {
      rest.append(
        Chain(
          writes: (own[user.name] ?? []) + [.user(user.name)] + user.roles.map { .link(user.name, $0) }))
    }
  }
}
