import Etcd
import Segmentation

/// What brings users and roles back to what an export has.
package struct RestorePlan: Sendable {
  package let plan: Plan
  let desired: DesiredState
  let managedAfter: Managed
  /// Users that the cluster has and the export does not, with what they may do: after a restored snapshot those that
  /// were cut off since it was taken.
  package let revived: [(user: String, powers: String)]
  /// What the users of the export may do now beyond it.
  package let access: SegmentationComparison
  /// What is not brought back, in words.
  package let remaining: [String]

  /// - Parameters:
  ///   - state: The users and roles now, with passwords tried.
  ///   - claim: The file's part of the records.
  /// - Throws: ``ExportRefusal``.
  package init(
    _ export: AuthExport, from state: ClusterState, _ goal: ApplyGoal, _ survey: Survey
  ) throws {
    guard export.cluster == goal.owner.cluster else {
      throw ExportRefusal.ofAnotherCluster(export.cluster, file: goal.owner.cluster)
    }
    guard export.users.contains(where: { $0.name == goal.applicant && $0.roles.contains(Role.root) }) else {
      throw ExportRefusal.noAdministrator(goal.applicant)
    }
    let claim = try goal.claim(survey.records)
    let fileUsers = Dictionary(goal.desired.users.map { ($0.name, $0) }) { first, _ in first }
    let desired = DesiredState(
      roles: export.roles.filter { $0.name != Role.root }.map { role in
        DesiredState.Role(
          name: role.name,
          permissions: UndoPlan.permissions(role.permissions.map(\.stored)))
      },
      users: export.users.map { user in
        DesiredState.User(
          name: user.name, roles: user.roles,
          isExact: fileUsers[user.name]?.isExact ?? (user.name != Role.root),
          isAPIServer: fileUsers[user.name]?.isAPIServer ?? false,
          login: fileUsers[user.name]?.login ?? .certificate)
      })
    // A password that the export has too, or that it does not tell, is left.
    var adjusted = state
    for user in export.users where [.set, .unknown].contains(user.password) {
      adjusted.users[user.name]?.hasPassword = false
    }
    let protected = Managed(users: goal.protected, roles: goal.protected)
    let plan = Plan(
      from: adjusted, to: desired, applicant: goal.applicant, management: .authoritative,
      protecting: protected)
    self.plan = plan
    self.desired = desired
    managedAfter =
      export.managed.first { $0.owner == goal.owner }.map {
        Managed(users: Set($0.users), roles: Set($0.roles))
      } ?? claim.managed
    let names = Set(export.users.map(\.name))
    revived = state.users.keys.filter { !names.contains($0) && !goal.protected.contains($0) }.sorted()
      .map { ($0, state.powers(ofUser: $0)) }
    let after = adjusted.after(plan.changes)
    access = state.segmentation(cluster: export.cluster).compared(
      to: after.segmentation(cluster: export.cluster))
    remaining = Self.remaining(export, state, after, plan, desired)
  }

  private static func remaining(
    _ export: AuthExport, _ state: ClusterState, _ after: ClusterState, _ plan: Plan, _ desired: DesiredState
  ) -> [String] {
    var lines: [String] = []
    let made = Set(plan.changes)
    for user in export.users {
      if user.password == .set,
        made.contains(.addUser(user.name)) || state.users[user.name]?.hasPassword == false,
        state.authEnabled, !made.contains(.addPasswordUser(user.name))
      {
        lines.append("the user \(user.name) had a password, which is not in the export: it has none")
      }
      if user.password == .empty {
        lines.append("the user \(user.name) accepted the empty password, and no longer does")
      }
      if let now = after.listedRoles(of: user.name), now != user.roles {
        lines.append("the user \(user.name) keeps roles that Bulkhead does not take from it")
      }
    }
    for role in export.roles where role.name != Role.root {
      let wanted = role.permissions.map(\.stored).sorted()
      if after.listedPermissions(of: role.name) != wanted {
        lines.append("the role \(role.name) does not get the permissions of the export exactly")
      }
    }
    let names = Set(export.users.map(\.name))
    for name in after.users.keys.sorted() where !names.contains(name) {
      lines.append("the user \(name), which the export does not have, stays")
    }
    if export.authEnabled, !state.authEnabled {
      lines.append("authentication was on and is off: 'bulkhead apply --enable-auth' turns it on")
    }
    return lines
  }

  /// For a run.
  /// - Parameter state: The users and roles now.
  package func work(from state: ClusterState) -> RecordedRun.Work {
    RecordedRun.Work(plan: plan, state: state, desired: desired, managed: managedAfter)
  }
}
