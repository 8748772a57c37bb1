import Etcd
import FoundationEssentials
import Keyspace
import Segmentation
import TestSupport
import Testing

@testable import Reconciliation

/// What takes a change back, without a cluster.
@Suite struct UndoDataTests {
  private func entry(isComplete: Bool = true) -> HistoryEntry {
    HistoryEntry(
      number: 1, kind: .apply, owner: RecordOwner(cluster: "test"),
      by: LockOwner(host: "h", process: 1, user: "u", since: Date(timeIntervalSince1970: 0)),
      administrator: "root", source: .init(file: "/bulkhead.yaml", commit: nil), fileDigest: "",
      bulkhead: "0", undoes: nil, changes: 1, removals: 0, words: [], authRevision: 1,
      isComplete: isComplete, undo: nil, notUndoable: nil)
  }

  /// Any plan on any cluster is taken back, as far as the answer does not name it as remaining.
  @Test func everyPlanIsTakenBack() throws {
    let first = UInt64.random(in: 0...(.max))
    for seed in (0..<400).map({ first &+ $0 }) {
      var random = SeededGenerator(seed: seed)
      let segmentation = random.segmentation()
      let before = random.cluster().withoutPasswords
      let goal = ApplyGoal(segmentation, management: .adopt, applicant: "root", text: "")
      let plan = Plan(from: before, to: goal.desired, applicant: "root", management: .adopt)
      let after = before.after(plan.changes)
      let managed = plan.managed
      let data = UndoData(from: before, to: after, managed: Managed(), managed)
      let stored = try UndoData(try data.bytes)
      #expect(stored == data, "seed \(seed)")
      let claim = Records.Claim(
        own: Record(owner: goal.owner, managed: managed), takenOver: [], others: [])
      let undo = try UndoPlan(entry(), stored, from: after, goal, claim)
      let result = after.after(undo.plan.changes)
      #expect(undo.managedAfter == Managed(), "seed \(seed)")
      let named = undo.remaining.joined(separator: "\n")
      for user in Set(before.users.keys).union(result.users.keys)
      where before.listedRoles(of: user) != result.listedRoles(of: user) {
        #expect(named.contains("user \(user) "), "seed \(seed), user \(user): \(named)")
      }
      for role in Set(before.roles.keys).union(result.roles.keys)
      where before.listedPermissions(of: role) != result.listedPermissions(of: role) {
        #expect(named.contains("role \(role) "), "seed \(seed), role \(role): \(named)")
      }
    }
  }

  @Test func aChangeSinceIsAConflict() throws {
    let goal = ApplyGoal(.sample, management: .adopt, applicant: "root", text: "")
    let before = ClusterState(users: ["root": .init(roles: ["root"])], roles: ["root": []])
    let plan = Plan(from: before, to: goal.desired, applicant: "root")
    let after = before.after(plan.changes)
    let data = UndoData(from: before, to: after, managed: Managed(), plan.managed)
    let claim = Records.Claim(own: nil, takenOver: [], others: [])
    var changed = after
    changed.users["node"]?.roles.insert("writer")
    #expect(throws: UndoRefusal.changedSince(1, ["the user node was changed"])) {
      try UndoPlan(entry(), data, from: changed, goal, claim)
    }
    // What is as before already is no conflict.
    var partly = after
    partly.users["node"] = nil
    #expect(try UndoPlan(entry(), data, from: partly, goal, claim).plan.changes.contains(.deleteRole("node")))
    #expect(throws: UndoRefusal.incomplete(1)) {
      try UndoPlan(entry(isComplete: false), data, from: after, goal, claim)
    }
  }

  @Test func anInterruptedChangeIsUndoneWithTheOneThatCompletesIt() throws {
    let goal = ApplyGoal(.sample, management: .adopt, applicant: "root", text: "")
    let before = ClusterState(users: ["root": .init(roles: ["root"])], roles: ["root": []])
    let plan = Plan(from: before, to: goal.desired, applicant: "root")
    let half = before.after(Array(plan.changes.prefix(plan.changes.count / 2)))
    let after = before.after(plan.changes)
    let first = UndoData(from: before, to: after, managed: Managed(), plan.managed)
    let rest = Plan(from: half, to: goal.desired, applicant: "root", managed: plan.managed)
    var second = UndoData(
      from: half, to: half.after(rest.changes), managed: plan.managed, rest.managed)
    second.absorb(first)
    let claim = Records.Claim(
      own: Record(owner: goal.owner, managed: plan.managed), takenOver: [], others: [])
    let undo = try UndoPlan(entry(), second, from: half.after(rest.changes), goal, claim)
    #expect(after.after(undo.plan.changes).users == before.users)
    #expect(undo.managedAfter == Managed())
  }

  /// Undo data that names another user for the role root, as one could write who could once write Bulkhead's keys.
  @Test func theRoleRootGoesToAdministratorsOfTheFileAlone() throws {
    let goal = ApplyGoal(.sample, management: .adopt, applicant: "root", text: "")
    let before = ClusterState(
      users: ["root": .init(roles: ["root"]), "mallory": .init(roles: ["root"])], roles: ["root": []])
    var after = before
    after.users["mallory"] = nil
    let data = UndoData(from: before, to: after, managed: Managed(), Managed())
    let claim = Records.Claim(own: nil, takenOver: [], others: [])
    let undo = try UndoPlan(entry(), data, from: after, goal, claim)
    #expect(undo.plan.newAdministrators.isEmpty)
    #expect(after.after(undo.plan.changes).listedRoles(of: "mallory") == [])
    #expect(undo.remaining.contains { $0.contains("user mallory does not get the role root") })
  }

  /// Access whose time was over, and which the change took away, would never end if it came back.
  @Test func endedAccessIsNotBroughtBack() throws {
    let goal = ApplyGoal(.sample, management: .adopt, applicant: "root", text: "")
    let before = ClusterState(
      users: ["root": .init(roles: ["root"]), "alice": .init(roles: ["calicoctl-full"])],
      roles: ["root": [], "calicoctl-full": [Permission(.readwrite, .prefix("/calico/"))]])
    var after = before
    after.users["alice"] = nil
    after.roles["calicoctl-full"] = nil
    var data = UndoData(from: before, to: after, managed: Managed(), Managed())
    data.leaveOut(Managed(users: ["alice", "nobody"], roles: ["calicoctl-full"]))
    let stored = try UndoData(try data.bytes)
    #expect(stored == data && stored.isEmpty)
    let claim = Records.Claim(own: nil, takenOver: [], others: [])
    let undo = try UndoPlan(entry(), stored, from: after, goal, claim)
    #expect(undo.plan.isEmpty)
    #expect(undo.remaining.count == 1)
    #expect(undo.remaining.first?.contains("user alice had access for a time") == true)
  }

  /// The names of 15,000 nodes fit into what is kept.
  @Test func manyNodesFit() throws {
    var after = ClusterState()
    for node in 0..<15_000 {
      for component in ["calico-node", "cni-plugin"] {
        after.users["\(component).node-\(node)"] = .init(roles: ["\(component).node-\(node)", component])
      }
      after.roles["calico-node.node-\(node)"] = []
    }
    let data = UndoData(
      from: ClusterState(), to: after, managed: Managed(),
      Managed(users: Set(after.users.keys), roles: Set(after.roles.keys)))
    #expect(try data.bytes.count < UndoData.mostBytes)
  }

  @Test func theHistoryIsReadAsItWasWritten() throws {
    let entry = entry()
    #expect(HistoryEntry(try entry.bytes) == entry)
    let later = String(decoding: try entry.bytes, as: UTF8.self).replacing(
      #""format":1"#, with: #""format":2"#)
    #expect(HistoryEntry(Array(later.utf8)) == nil)
    #expect(OwnKeys.historyNumber(OwnKeys.history(17)) == 17)
    for name in ["9223372036854775807", "17", "-000000017", "+000000017", "0000000000", "000000001x", ""] {
      #expect(OwnKeys.historyNumber(Key("/bulkhead/v1/history/\(name)")) == nil, "\(name)")
    }
    #expect(History(entries: [], notUnderstood: [HistoryEntry.mostNumber]).nextNumber == 1)
    // Numbers that make a sum overflow.
    for (field, value) in [("changes", "9223372036854775807"), ("changes", "-1"), ("number", "0")] {
      let text = String(decoding: try entry.bytes, as: UTF8.self).replacing(
        "\"\(field)\":1", with: "\"\(field)\":\(value)")
      #expect(HistoryEntry(Array(text.utf8)) == nil, "\(field)")
    }
    // The history is not read with each plan.
    #expect(!OwnKeys.surveyed.contains(OwnKeys.history(1)) && !OwnKeys.surveyed.contains(OwnKeys.undo(1, 0)))
    #expect(OwnKeys.surveyed.contains(OwnKeys.lock) && OwnKeys.surveyed.contains(OwnKeys.record))
    #expect(OwnKeys.surveyed.contains(goalKey))
  }

  private var goalKey: Key { RecordOwner(cluster: "test").key }
}
