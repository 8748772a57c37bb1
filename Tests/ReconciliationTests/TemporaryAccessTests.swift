import Etcd
import FoundationEssentials
import Keyspace
import Segmentation
import Testing

@testable import Reconciliation

/// Access of people that ends, without a cluster.
@Suite struct TemporaryAccessTests {
  private let now = Date(timeIntervalSince1970: 1_800_000_000)

  private func access(
    _ user: String = "alice", roles: [String] = ["calicoctl-full"], made: [String] = ["calicoctl-full"],
    in seconds: Double, owner: String = "test"
  ) -> TemporaryAccess {
    TemporaryAccess(
      user: user, roles: roles, madeRoles: made, until: now.addingTimeInterval(seconds),
      owner: RecordOwner(cluster: owner), by: LockOwner(host: "h", process: 1, user: "u", since: now),
      why: nil)
  }

  private func survey(_ access: [TemporaryAccess]) -> Survey {
    var survey = Survey.of()
    survey.temporaryAccess = access
    survey.takenAt = now
    return survey
  }

  private let goal = ApplyGoal(
    .sample, management: .authoritative, applicant: "root", text: "",
    calicoctl: [Role(name: "calicoctl-full", grants: [Role.Line(Grant(.prefix("/calico/"), .readwrite))])])
  private func state(_ roles: Set<String>, writes: Bool = false) -> ClusterState {
    ClusterState(
      authEnabled: true,
      users: ["root": .init(roles: ["root"]), "alice": .init(roles: roles)],
      roles: [
        "root": [], "calicoctl-full": [Permission(.readwrite, .prefix(writes ? "/bulkhead/" : "/calico/"))],
        "metrics": [],
      ])
  }

  @Test func itIsReadAsItWasWritten() throws {
    let given = access(in: 60)
    #expect(try TemporaryAccess(try given.bytes) == given)
    let later = String(decoding: try given.bytes, as: UTF8.self).replacing(
      #""format":1"#, with: #""format":2"#)
    #expect(throws: RecordError.self) { try TemporaryAccess(Array(later.utf8)) }
    #expect(OwnKeys.surveyed.contains(given.key))
  }

  @Test func aUserIsKeptUntilTheTimeIsOver() throws {
    let kept = Managed(users: ["alice"], roles: ["calicoctl-full"])
    let state = state(["calicoctl-full"])
    #expect(try survey([access(in: 60)]).protectedByAccess(of: goal, state) == kept)
    #expect(survey([access(in: 60)]).managedByEndedAccess(of: goal, state) == Managed())
    #expect(try survey([access(in: 0)]).protectedByAccess(of: goal, state) == Managed())
    #expect(survey([access(in: 0)]).managedByEndedAccess(of: goal, state) == kept)
    // `verify` and `preflight` count it as little as `plan` does.
    let protection = try goal.protection(survey([access(in: 60)]))
    #expect(Set(protection.exempt(in: state).keys) == ["alice"])
    #expect(
      Drift.every(from: state, to: goal.desired, protecting: protection).contains {
        $0.subject == "user alice" && $0.meaning.contains("'bulkhead access' gave it that until")
      })
    // Of another file.
    #expect(try survey([access(in: -60, owner: "x")]).protectedByAccess(of: goal, state) == kept)
    #expect(survey([access(in: -60, owner: "x")]).managedByEndedAccess(of: goal, state) == Managed())
    // A role that another person still has stays.
    let both = survey([access(in: -60), access("bob", in: 60)])
    #expect(both.managedByEndedAccess(of: goal, state) == Managed(users: ["alice"]))
  }

  /// A client that may write Bulkhead's keys can neither hide a user there nor have one deleted.
  @Test func aForgedEntryCountsForNothing() throws {
    for (entry, state) in [
      (access(in: 60), state(["calicoctl-full", "root"])),
      (access(roles: ["root"], made: [], in: 60), state(["root"])),
      (access(roles: ["metrics"], made: [], in: 60), state(["metrics"])),
      (access(made: ["metrics"], in: 60), state(["calicoctl-full"])),
      (access(in: 31 * 86_400), state(["calicoctl-full"])),
      (access(in: 60), state(["calicoctl-full"], writes: true)),
    ] {
      #expect(try survey([entry]).protectedByAccess(of: goal, state) == Managed(), "\(entry)")
    }
    for (roles, made, has) in [
      (["metrics"], [], ["metrics"]), (["calicoctl-full"], ["metrics"], ["calicoctl-full"]),
      (["calicoctl-full"], [], ["calicoctl-full", "metrics"]),
    ] as [([String], [String], Set<String>)] {
      let over = access(roles: roles, made: made, in: -60)
      #expect(survey([over]).managedByEndedAccess(of: goal, state(has)) == Managed(), "\(over)")
    }
  }

  /// A role of that name with more than the catalogue's, a role that is none of the catalogue's, or a password: what
  /// `access` never makes.
  @Test func aBackdoorIsNotHidden() throws {
    let planted = access(in: 60)
    var wider = state(["calicoctl-full"])
    wider.roles["calicoctl-full"]?.append(Permission(.read, .prefix("/registry/secrets/")))
    var withPassword = state(["calicoctl-full"])
    withPassword.users["alice"]?.hasPassword = true
    var emptyPassword = state(["calicoctl-full"])
    emptyPassword.users["alice"]?.acceptsEmptyPassword = true
    for state in [wider, withPassword, emptyPassword] {
      #expect(try survey([planted]).protectedByAccess(of: goal, state) == Managed())
      #expect(survey([access(in: 0)]).managedByEndedAccess(of: goal, state) == Managed())
    }
    var other = state(["calicoctl-all"])
    other.roles["calicoctl-all"] = [Permission(.read, .prefix("/calico/"))]
    let named = access(roles: ["calicoctl-all"], made: ["calicoctl-all"], in: 60)
    #expect(try survey([named]).protectedByAccess(of: goal, other) == Managed())
    // Less than the catalogue's role is no backdoor.
    var narrower = state(["calicoctl-full"])
    narrower.roles["calicoctl-full"] = [Permission(.read, .prefix("/calico/ipam/"))]
    #expect(try survey([planted]).protectedByAccess(of: goal, narrower).users == ["alice"])
  }
}

extension Survey {
  /// What nothing is taken from because of the access of people.
  fileprivate func protectedByAccess(of goal: ApplyGoal, _ state: ClusterState) throws -> Managed {
    try goal.protection(self).names(in: state, keeping: Set(goal.desired.roles.map(\.name)))
  }
}
