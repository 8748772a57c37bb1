import Etcd
import FoundationEssentials
import Keyspace
import Segmentation
import Testing

@testable import Reconciliation

/// Saved plans, without a cluster.
@Suite struct SavedPlanFileTests {
  private let state = ClusterState(users: ["root": .init(roles: ["root"])], roles: ["root": []])

  private func basis(
    _ goal: ApplyGoal, state: ClusterState? = nil, revision: Int64? = 7, bulkhead: String = "1",
    cluster: UInt64 = 1,
    record: Record? = nil, targets: [String] = []
  ) throws -> PlanBasis {
    let survey = Survey.of(
      members: ClusterMembers(clusterID: cluster, all: []), record: record, authRevision: revision)
    return try PlanBasis(goal, survey, state ?? self.state, bulkhead: bulkhead, targets: targets)
  }

  private func goal(_ segmentation: Segmentation = .sample, text: String = "a", takesOver: Bool = false)
    -> ApplyGoal
  {
    ApplyGoal(segmentation, management: .adopt, applicant: "root", text: text, takesOver: takesOver)
  }

  private func saved(_ basis: PlanBasis) -> SavedPlan {
    SavedPlan(
      Plan(from: state, to: goal().desired, applicant: "root"), basis,
      madeAt: Date(timeIntervalSince1970: 1_800_000_000.7))
  }

  @Test func aFileIsReadAsItWasWrittenAndInNoOtherForm() throws {
    let saved = saved(try basis(goal()))
    let bytes = try saved.bytes
    #expect(try SavedPlan(bytes) == saved)
    #expect(SavedPlan.isOne(bytes))
    let text = String(decoding: bytes, as: UTF8.self)
    for other in [
      text + "\n", text.replacing("  \"format\"", with: "\"format\""),
      text.replacing(#""kind" :"#, with: #""more" : 1, "kind" :"#),
      text.replacing("node", with: "nodf"), text.replacing("\n", with: "\r\n"),
    ] {
      #expect(other != text)
      #expect(throws: SavedPlanRefusal.changed) { try SavedPlan(Array(other.utf8)) }
    }
    for other in [[], Array(bytes.dropLast(3))] {
      #expect(throws: SavedPlanRefusal.notAPlan) { try SavedPlan(other) }
    }
  }

  @Test func eachThingThatChangesIsNamed() throws {
    let before = try basis(goal())
    let saved = saved(before)
    let plan = Plan(from: state, to: goal().desired, applicant: "root")
    try saved.check(plan, before)
    // Without an auth revision the users and roles themselves tell.
    try saved.check(plan, try basis(goal(), revision: nil))
    var other = state
    other.users["x"] = .init(roles: [])
    let cases: [(PlanBasis, String)] = [
      (try basis(goal(), bulkhead: "2"), "the program is Bulkhead 2, and the plan was made by 1"),
      (try basis(goal(text: "b")), "the text of the file has changed"),
      (try basis(goal(Segmentation.of([("node", [])]))), "the nodes or the catalogue have changed"),
      (try basis(goal(), revision: 8), "the auth revision was 7 and is 8"),
      (try basis(goal(), state: other, revision: nil), "users or roles in etcd have changed"),
      (try basis(goal(), cluster: 2), "etcd is another cluster: its id was 1 and is 2"),
      (try basis(goal(), record: Record(owner: goal().owner)), "the record of what Bulkhead manages"),
      (try basis(goal(takesOver: true)), "--take-over was not given"),
      (try basis(goal(), targets: ["node"]), "limited to other names"),
    ]
    for (now, words) in cases {
      let refusal = #expect(throws: SavedPlanRefusal.self) { try saved.check(plan, now) }
      #expect("\(refusal.map { "\($0)" } ?? "")".contains(words), "\(words)")
    }
    let less = plan.with(Array(plan.changes.dropLast()), from: state)
    let refusal = #expect(throws: SavedPlanRefusal.self) { try saved.check(less, before) }
    #expect("\(refusal.map { "\($0)" } ?? "")".contains("reviewed steps that it does not have"))
  }

  @Test func aPermissionKeepsItsBytes() throws {
    for permission in [
      Permission(.read, .prefix("/a/")), Permission(.readwrite, .key("k")),
      Permission(.write, KeyRange(from: "z", to: nil)),
      Permission(access: .read, key: [0, 255], rangeEnd: [0, 255, 0]),
    ] {
      #expect(Permission(storedText: permission.storedText) == permission)
    }
    for text in ["", "read", "read  ", "none YQ== ", "read YQ== YQ== YQ=="] {
      #expect(Permission(storedText: text) == nil, "\(text)")
    }
  }
}
