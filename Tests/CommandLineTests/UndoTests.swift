import Etcd
import Foundation
import Keyspace
import Synchronization
import TestClusters
import TestSupport
import Testing

/// The history, and taking changes back.
@Suite(.serialized, .startsEtcd, .realEtcd, .timeLimit(.minutes(10))) struct UndoTests {
  private func etcd() async throws -> SharedEtcd { try await SharedEtcd("undo") }

  @Test func eachKindOfChangeIsTakenBack() async throws {
    let etcd = try await etcd()
    try etcd.write([
      ("kept", "{prefix: /kept/, access: readwrite}, {key: /kept-2, access: read}"),
      ("gone", "{prefix: /gone/, access: read}"),
    ])
    try etcd.expect(0, "apply")
    let before = try await etcd.state()
    // A new user and role, a deleted one, a grant more, one less, one narrowed.
    try etcd.write([
      ("kept", "{prefix: /kept/, access: read}, {key: /kept-3, access: write}"),
      ("new", "{prefix: /new/, access: read}"),
    ])
    try etcd.expect(0, "apply", "--yes")
    let after = try await etcd.state()
    #expect(after != before)

    let plan = try etcd.expect(2, "undo", "--plan")
    #expect(plan.out.contains("delete the user \(etcd.user("new"))"), "\(plan.all)")
    #expect(try await etcd.state() == after)
    #expect(try etcd.bulkhead("undo").code == 1, "access is removed without a question")
    #expect(try await etcd.state() == after)
    let undone = try etcd.expect(0, "undo", "--yes")
    #expect(undone.error.contains("the next apply makes change"), "\(undone.all)")
    #expect(try await etcd.state() == before)
    // The file still asks for the same.
    try etcd.expect(2, "plan")
    // An undo is a change.
    try etcd.expect(0, "undo", "--yes")
    #expect(try await etcd.state() == after)
    try etcd.expect(0, "plan")

    let history = try etcd.json(try etcd.expect(0, "history", "--output", "json"))
    let entries = try #require(history["history"] as? [[String: Any]])
    let own = entries.filter { ($0["ofFile"] as? String)?.contains("'\(etcd.name)'") == true }
    #expect(own.map { $0["kind"] as? String } == ["undo", "undo", "apply", "apply"])
    #expect(own.allSatisfy { $0["isComplete"] as? Bool == true && $0["administrator"] as? String == "root" })
    #expect(own[0]["undoes"] as? Int == own[1]["number"] as? Int)
    #expect((own[0]["file"] as? String)?.hasSuffix("/bulkhead.yaml") == true)
  }

  @Test func theFirstApplyIsTakenBack() async throws {
    let etcd = try await etcd()
    try etcd.write([("a", "{prefix: /a/, access: readwrite}"), ("b", "{prefix: /b/, access: read}")])
    try etcd.expect(0, "apply")
    try etcd.expect(0, "undo", "--yes")
    #expect(try await etcd.state() == [:])
    try etcd.expect(0, "apply")
    try etcd.expect(0, "plan")
  }

  /// Undo data in etcd may have been planted: nothing is given without a question either.
  @Test func givingAccessIsAskedForToo() async throws {
    let etcd = try await etcd()
    try etcd.write([("a", "{prefix: /a/, access: readwrite}"), ("b", "{prefix: /b/, access: read}")])
    try etcd.expect(0, "apply")
    try etcd.write([("a", "{prefix: /a/, access: readwrite}")])
    try etcd.expect(0, "apply", "--yes")
    let before = try await etcd.state()
    try etcd.expect(1, "undo")
    #expect(try await etcd.state() == before)
    try etcd.expect(0, "undo", "--yes")
    #expect(try await etcd.state() != before)
  }

  @Test func whatWasChangedSinceIsNotOverwritten() async throws {
    let etcd = try await etcd()
    try etcd.write([("a", "{prefix: /a/, access: readwrite}")])
    try etcd.expect(0, "apply")
    try await etcd.cluster.etcdctl("role", "grant-permission", etcd.user("a"), "read", "/by-hand")
    let before = try await etcd.state()
    let refused = try etcd.expect(1, "undo", "--yes")
    #expect(refused.error.contains("the role \(etcd.user("a")) was changed"), "\(refused.all)")
    #expect(try await etcd.state() == before)
    try etcd.expect(1, "undo", "4711")
  }

  @Test func theHistoryHasTheCommit() async throws {
    let etcd = try await etcd()
    let git = "\(etcd.folder.path)/.git"
    let commit = "0123456789abcdef0123456789abcdef01234567"
    try FileManager.default.createDirectory(atPath: "\(git)/refs/heads", withIntermediateDirectories: true)
    try "ref: refs/heads/main\n".write(toFile: "\(git)/HEAD", atomically: true, encoding: .utf8)
    try "# pack-refs with: peeled\n\(commit) refs/heads/main\n".write(
      toFile: "\(git)/packed-refs", atomically: true, encoding: .utf8)
    try etcd.write([("a", "{prefix: /a/, access: readwrite}")])
    try etcd.expect(0, "apply")
    let text = try etcd.expect(0, "history")
    #expect(text.out.contains("in a work tree at commit 0123456789ab"), "\(text.all)")
  }

  /// Programs work while changes are taken back: what they may do before and after is never refused.
  @Test func clientsKeepWorking() async throws {
    let etcd = try await etcd()
    let grants = "{prefix: /kept/, access: readwrite}"
    try etcd.write([("kept", grants), ("other", "{prefix: /other/, access: read}")])
    try etcd.expect(0, "apply")
    try etcd.write([
      ("kept", "\(grants), {prefix: /more/, access: read}"), ("new", "{key: /n, access: read}"),
    ])
    try etcd.expect(0, "apply", "--yes")
    let (user, key) = (etcd.user("kept"), Key("/\(etcd.name)/kept/x"))
    _ = try etcd.cluster.credentials(of: user)
    let cluster = etcd.cluster
    let made = Counter()
    let client = Task {
      try await cluster.connect(as: user) { client in
        while !Task.isCancelled {
          // A task of its own: the end of the test cancels no write.
          try await Task {
            let value = Array("\(made.value)".utf8)
            try await client.put(value, at: key)
            #expect(try await client.value(of: key) == value)
          }.value
          made.add()
        }
      }
    }
    for _ in 1...3 {
      let before = made.value
      #expect(try await eventually { made.value > before + 2 })
      // Not on a thread that the client needs.
      let undone: Int32? = await withCheckedContinuation { continuation in
        DispatchQueue.global().async {
          continuation.resume(returning: try? etcd.bulkhead("undo", "--yes").code)
        }
      }
      #expect(undone == 0)
    }
    client.cancel()
    try await client.value
  }

  @Test func aRemovedPasswordStaysRemoved() async throws {
    let etcd = try await etcd()
    try etcd.write([("a", "{prefix: /a/, access: readwrite}")], more: "management: adopt\n")
    try etcd.expect(0, "apply")
    // Someone gives a user of the file a password; apply takes it away by creating the user again.
    try await etcd.cluster.bash([
      "etcdctl user delete \(etcd.user("a"))", "etcdctl user add \(etcd.user("a")):secret",
      "etcdctl user grant-role \(etcd.user("a")) \(etcd.user("a"))",
    ])
    try etcd.expect(0, "apply", "--yes")
    let undone = try etcd.expect(0, "undo", "--yes")
    #expect(undone.out.contains("are as before change"), "no user or role differs: \(undone.all)")
  }
}

/// Counts what a task does.
private final class Counter: Sendable {
  private let count = Mutex(0)
  var value: Int { count.withLock { $0 } }
  func add() { count.withLock { $0 += 1 } }
}
