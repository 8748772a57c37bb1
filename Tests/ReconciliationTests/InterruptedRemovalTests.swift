import Etcd
import Foundation
import Keyspace
import Segmentation
import TestClusters
import Testing

@testable import Reconciliation

@Suite("Access that an interrupted removal took away", .realEtcd, .timeLimit(.minutes(30)))
struct InterruptedRemovalTests {
  private static let desired = DesiredState(.of([("node", [])], apiserver: "kube"))

  private func interrupted(
    _ user: Record.LeavingUser, in state: ClusterState, foreign: Set<String> = []
  ) -> InterruptedRemovals {
    InterruptedRemovals([user], in: state, Self.desired, foreign: Managed(users: foreign))
  }

  @Test("goes back to kube-apiserver of the file, and to no other user that exists")
  func existing() {
    let state = ClusterState(
      authEnabled: true,
      users: ["kube": .init(roles: []), "node": .init(roles: ["node"]), "x": .init(roles: [])])
    func root(_ name: String, stays: Bool = true) -> Record.LeavingUser {
      Record.LeavingUser(name: name, roles: ["root"], staysAsUser: stays)
    }
    #expect(interrupted(root("kube"), in: state).restorable == [root("kube")])
    #expect(interrupted(root("kube"), in: state, foreign: ["kube"]).restorable.isEmpty)
    for name in ["node", "x", "gone"] {
      let refused = interrupted(root(name), in: state)
      #expect(refused.restorable.isEmpty && refused.refused.count == 1, "\(name)")
    }
    #expect(interrupted(root("node", stays: false), in: state).restorable.isEmpty)
    let words = interrupted(root("node"), in: state).refused.first?.words ?? ""
    #expect(words.contains("not given back"), "\(words)")
    #expect(words.contains("etcdctl user grant-role node root"), "\(words)")
    let more = Record.LeavingUser(name: "kube", roles: ["root", "node"], staysAsUser: true)
    #expect(interrupted(more, in: state).restorable.isEmpty)
  }

  @Test("goes back to a deleted shared user only if no other client may have written the record")
  func deleted() {
    let shared = Record.LeavingUser(name: "old", roles: ["root"])
    #expect(interrupted(shared, in: ClusterState(authEnabled: true)).restorable == [shared])
    let off = interrupted(shared, in: ClusterState())
    #expect(off.restorable.isEmpty && off.refused.first?.reason.contains("authentication is off") == true)
    #expect(off.refused.first?.words.contains("etcdctl user add") == true)
    #expect(interrupted(shared, in: ClusterState(authEnabled: true), foreign: ["old"]).restorable.isEmpty)
    // Nothing is missing.
    let whole = ClusterState(users: ["old": .init(roles: ["root"])])
    let nothing = interrupted(shared, in: whole)
    #expect(nothing.restorable.isEmpty && nothing.refused.isEmpty)
  }

  @Test(
    "what any client could write is dropped when authentication is turned on",
    arguments: EtcdRelease.one)
  func dropped(release: EtcdRelease) async throws {
    try await TestCluster.with(release) { cluster in
      try await cluster.secure()
      let root = try cluster.credentials(of: "root")
      let goal = ApplyGoal(.sample, management: .additive, applicant: "root", text: "a")
      try await cluster.connect { etcd in
        let survey = try await Survey.take(etcd, as: root)
        let (state, plan) = try await goal.plan(for: etcd, survey)
        let leaving = [Record.LeavingUser(name: "node", roles: ["root"], staysAsUser: true)]
        let other = RecordOwner(cluster: "other")
        let managed = Managed(users: ["theirs"])
        for owner in [goal.owner, other] {
          try await etcd.put(
            try Record(owner: owner, managed: managed, leaving: leaving).bytes, at: owner.key)
        }
        for key in ["people/1", "history/0000000001", "undo/0000000001/000"] {
          try await etcd.put([1], at: Key("/bulkhead/v1/" + key))
        }
        let holder = LockOwner(host: "h", process: 1, user: "u", since: Date(timeIntervalSince1970: 0))
        let dropped = try await ClusterLock.holding(etcd, as: holder, wait: .zero) { lock in
          try await Bookkeeping(survey, state, goal, lock, bulkhead: "0").confirm(plan, etcd)
        }
        #expect(
          dropped
            == DroppedEntries(
              history: 1, people: 1, removals: 1, otherFiles: ["the file of cluster 'other'"]))
        #expect(dropped.words?.contains("history") == true)
        let records = try Records(try await etcd.entries(in: OwnKeys.all)).all
        #expect(records.count == 2 && records.allSatisfy(\.leaving.isEmpty))
        #expect(records.first { $0.owner == other }?.managed == managed)
        for range in [OwnKeys.people, OwnKeys.history, OwnKeys.undoData] {
          #expect(try await !etcd.holdsAny(range))
        }
      }
    }
  }
}
