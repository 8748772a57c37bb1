import Certificates
import Foundation
import Testing
import ThrowawayEtcd

@testable import Etcd
@testable import Keyspace

/// The model against the servers themselves: random roles, and thousands of the same questions put to both.
@Suite(.serialized) struct ServerTests {
  @Test(
    .enabled(if: EtcdServers.areDownloaded, "there are no servers in .tools/etcd: 'make test' downloads them"),
    .timeLimit(.minutes(3)), arguments: ["3.4.23", "3.5.1", "3.5.30"])
  func theModelAnswersAsTheServerDoes(version: String) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("keyspace-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let server = try await ThrowawayEtcd.start(
      members: 1, binary: try EtcdServers.path(version), in: folder)
    defer { server.stop() }
    let users = RandomRoles(seed: 20_261_124).users(24, withOddGrants: version == "3.4.23" || version == "3.5.1")
    try server.issueCertificates(for: users.map(\.name))
    try await EtcdClient.connect(to: server.endpoints, as: server.root) { etcd in
      try await etcd.make(users)
      try await etcd.turnAuthOn()
    }
    var (asked, allowed) = (0, 0)
    for user in users {
      let permissions = Permissions(user.roles.flatMap { $0.map(\.grant) })
      let answers = try await EtcdClient.connect(to: server.endpoints, as: server.credentials(of: user.name)) { etcd in
        await etcd.answers(to: user.questions)
      }
      for (range, read, write) in answers {
        let model = (read: permissions.allow(.read, range), write: permissions.allow(.write, range))
        if range.isEmpty {
          // What passes is at most what the model lets pass; nothing is read or written either way.
          #expect(model.read || read == .denied, "\(user.name) reads \(range)")
          #expect(model.write || write == .denied, "\(user.name) writes \(range)")
        } else {
          #expect(read == (model.read ? .allowed : .denied), "\(user.name) reads \(range): \(user.roles)")
          #expect(write == (model.write ? .allowed : .denied), "\(user.name) writes \(range): \(user.roles)")
        }
        asked += 2
        allowed += (read == .allowed ? 1 : 0) + (write == .allowed ? 1 : 0)
      }
    }
    #expect(asked > 3_000)
    // Both answers are common, or the questions would prove little.
    #expect(allowed > asked / 10 && allowed < asked * 9 / 10, "\(allowed) of \(asked)")
  }
}

/// Servers of several versions that `make test` keeps beside the package.
enum EtcdServers {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent(".tools/etcd").path
  /// In continuous integration a missing server is a failure and not a reason to skip.
  static let areDownloaded =
    FileManager.default.fileExists(atPath: folder) || ProcessInfo.processInfo.environment["CI"] != nil

  static func path(_ version: String) throws -> String {
    let path = "\(folder)/\(version)/etcd"
    try #require(FileManager.default.isExecutableFile(atPath: path), "there is no etcd \(version) in .tools/etcd")
    return path
  }
}

/// Users with random roles over keys of a few bytes that matter, and questions for each.
private struct RandomRoles {
  var random: SplitMix

  init(seed: UInt64) { random = SplitMix(state: seed) }

  struct User: Sendable {
    let name: String
    let roles: [[Permission]]
    let questions: [KeyRange]
  }

  /// - Parameter withOddGrants: Whether grants that hold no key are among them, which newer servers refuse.
  func users(_ count: Int, withOddGrants: Bool) -> [User] {
    var random = random
    // Permissions without a first key are in old stores and allow nothing.
    var keyless = Etcdserverpb_Permission()
    keyless.permType = .readwrite
    keyless.rangeEnd = Foundation.Data([0x62])
    let odd = [keyless, { var open = keyless; open.rangeEnd = Foundation.Data([0]); return open }()].map(Permission.init)
    return (1...count).map { number in
      let roles = (0..<Int.random(in: 1...3, using: &random)).map { _ in
        Self.role(withOddGrants: withOddGrants, &random) + (withOddGrants ? odd.filter { _ in Bool.random(using: &random) } : [])
      }
      return User(
        name: "user-\(number)", roles: roles, questions: (0..<80).map { _ in Self.range(&random, mayBeEmpty: true) })
    }
  }

  /// Two permissions of one role with the same first key would meet etcd's own fault with them (pull request 21845).
  private static func role(withOddGrants: Bool, _ random: inout SplitMix) -> [Permission] {
    var keys: Set<Key> = []
    return (0..<Int.random(in: 1...5, using: &random)).compactMap { _ in
      let range = range(&random, mayBeEmpty: withOddGrants)
      let access = [Access.read, .write, .readwrite].randomElement(using: &random) ?? .read
      return keys.insert(range.lower).inserted ? Permission(Grant(range, access)) : nil
    }
  }

  private static func range(_ random: inout SplitMix, mayBeEmpty: Bool) -> KeyRange {
    while true {
      let (lower, upper) = (key(&random), key(&random))
      let range: KeyRange =
        switch Int.random(in: 0..<6, using: &random) {
        case 0: .key(lower)
        case 1: .prefix(lower)
        case 2: KeyRange(from: lower, to: nil)
        case 3: KeyRange(from: lower.next, to: upper)
        default: KeyRange(from: lower, to: upper)
        }
      // etcd reads the end "\x00" as no end at all.
      if (mayBeEmpty || !range.isEmpty) && range.upper?.bytes != [0] { return range }
    }
  }

  private static func key(_ random: inout SplitMix) -> Key {
    let bytes: [UInt8] = [0, 0x61, 0x62, 0xff]
    return Key((0..<Int.random(in: 1...3, using: &random)).map { _ in bytes.randomElement(using: &random) ?? 0 })
  }
}

extension EtcdClient {
  fileprivate func make(_ users: [RandomRoles.User]) async throws {
    for user in users {
      try await addUser(user.name)
      for (index, role) in user.roles.enumerated() {
        let name = "\(user.name)-\(index)"
        try await addRole(name)
        for permission in role { try await grant(permission, toRole: name) }
        try await grant(role: name, toUser: user.name)
      }
    }
  }

  fileprivate func turnAuthOn() async throws {
    try await addUser("root")
    try await addRole("root")
    try await grant(role: "root", toUser: "root")
    try await enableAuth()
  }

  /// What the server says to reading and writing each range, a few questions at a time.
  fileprivate func answers(to questions: [KeyRange]) async -> [(KeyRange, read: Answer, write: Answer)] {
    await withTaskGroup(of: (Int, Answer, Answer).self) { group in
      var answers: [(KeyRange, read: Answer, write: Answer)] = []
      for (index, range) in questions.enumerated() {
        group.addTask { (index, await mayRead(range), await mayWrite(range)) }
      }
      for await (index, read, write) in group { answers.append((questions[index], read, write)) }
      return answers
    }
  }
}

extension ThrowawayEtcd {
  fileprivate func issueCertificates(for users: [String]) throws {
    let authority = try Authority.load(clientAuthority, now: Date())
    _ = try CredentialDirectory("\(clientAuthority)/clients").issueMissing(
      users, by: authority, lifetime: .seconds(3600), now: Date())
  }
}
