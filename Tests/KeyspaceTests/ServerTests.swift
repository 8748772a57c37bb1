import TestClusters
import TestSupport
import Testing

@testable import Etcd
@testable import Keyspace

/// Compares the model with real servers: random roles, and thousands of requests evaluated by both.
@Suite(.realEtcd) struct ServerTests {
  @Test(.timeLimit(.minutes(5)), arguments: EtcdRelease.main)
  func theModelAnswersAsTheServerDoes(release: EtcdRelease) async throws {
    // Newer servers refuse grants of empty ranges.
    let users = RandomRoles(seed: 20_261_124).users(
      12, withOddGrants: ["3.4.23", "3.5.1"].contains(release.version))
    try await TestCluster.with(release) { cluster in
      try await cluster.connect { etcd in try await etcd.make(users) }
      try await cluster.secure()
      var (asked, allowed) = (0, 0)
      for user in users {
        let answers = try await cluster.connect(as: user.name) { etcd in
          await etcd.answers(to: user.questions)
        }
        for answer in answers {
          try check(answer, of: user)
          asked += 2
          allowed += (answer.read == .allowed ? 1 : 0) + (answer.write == .allowed ? 1 : 0)
        }
      }
      #expect(asked > 3_000)
      // Both answers must be common, or the requests would prove little.
      #expect(allowed > asked / 10 && allowed < asked * 9 / 10, "\(allowed) of \(asked)")
    }
  }

  private func check(_ answer: ServerAnswer, of user: RandomRoles.User) throws {
    let (range, permissions) = (answer.range, user.permissions)
    for (access, got) in [(Access.read, answer.read), (.write, answer.write)] {
      let isAllowed = permissions.allow(access, range)
      if range.isEmpty, got == .denied, user.grants > 1 {
        // With several grants, etcd's search tree may miss the one that contains the first key. Either way
        // nothing is read or written, and it never errs in the other direction.
        continue
      }
      #expect(
        got == (isAllowed ? .allowed : .denied), "\(user.name): \(access) \(range), granted \(user.roles)")
    }
  }
}

private struct ServerAnswer: Sendable {
  let range: KeyRange
  let read: Answer
  let write: Answer
}

/// Users with random roles over keys of a few bytes that matter, and requests for each.
private struct RandomRoles {
  var random: SeededGenerator

  init(seed: UInt64) { random = SeededGenerator(seed: seed) }

  struct User: Sendable {
    let name: String
    let roles: [[Permission]]
    let questions: [KeyRange]

    var permissions: Permissions { Permissions(roles.flatMap { $0.map(\.grant) }) }
    var grants: Int { roles.reduce(0) { $0 + $1.count } }
  }

  /// - Parameter withOddGrants: Whether to include grants of empty ranges, which newer servers refuse.
  func users(_ count: Int, withOddGrants: Bool) -> [User] {
    var random = random
    return (1...count).map { number in
      // Every fourth user has a single grant, for which the answer to any request is certain.
      if number % 4 == 0 {
        let only = Permission(Grant(Self.range(&random, mayBeEmpty: false), .readwrite))
        return User(name: "user-\(number)", roles: [[only]], questions: Self.questions(&random))
      }
      let roles = (0..<Int.random(in: 1...3, using: &random)).map { _ in
        Self.role(withOddGrants: withOddGrants, &random)
          + (withOddGrants ? Self.keyless.filter { _ in Bool.random(using: &random) } : [])
      }
      return User(
        name: "user-\(number)", roles: roles, questions: Self.questions(&random))
    }
  }

  /// Permissions with an empty key, which old stores may contain; they allow nothing.
  private static let keyless = [[0x62], [0]].map { (rangeEnd: [UInt8]) in
    Permission(PermissionMessage(kind: .readwrite, rangeEnd: rangeEnd))
  }

  private static func questions(_ random: inout SeededGenerator) -> [KeyRange] {
    (0..<140).map { _ in range(&random, mayBeEmpty: true) }
  }

  /// Two permissions of one role with the same start key would trigger etcd's own fault (pull request 21845).
  private static func role(withOddGrants: Bool, _ random: inout SeededGenerator) -> [Permission] {
    var keys: Set<Key> = []
    return (0..<Int.random(in: 1...5, using: &random)).compactMap { _ in
      let range = range(&random, mayBeEmpty: withOddGrants)
      let access = [Access.read, .write, .readwrite].randomElement(using: &random) ?? .read
      return keys.insert(range.lower).inserted ? Permission(Grant(range, access)) : nil
    }
  }

  private static func range(_ random: inout SeededGenerator, mayBeEmpty: Bool) -> KeyRange {
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
      // etcd reads the range end "\x00" as no end.
      if (mayBeEmpty || !range.isEmpty) && range.upper?.bytes != [0] { return range }
    }
  }

  private static func key(_ random: inout SeededGenerator) -> Key {
    let bytes: [UInt8] = [0, 0x61, 0x62, 0xff]
    return Key(
      (0..<Int.random(in: 1...3, using: &random)).map { _ in bytes.randomElement(using: &random) ?? 0 })
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

  /// The server's answers to reading and writing each range, a few requests at a time.
  fileprivate func answers(to questions: [KeyRange]) async -> [ServerAnswer] {
    await withTaskGroup(of: ServerAnswer.self) { group in
      for range in questions {
        group.addTask { ServerAnswer(range: range, read: await mayRead(range), write: await mayWrite(range)) }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
  }
}
