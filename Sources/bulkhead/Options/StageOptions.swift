import ArgumentParser
import Reconciliation

extension Stage: ExpressibleByArgument {}

/// The steps from one shared certificate to one for each.
struct StageOptions: ParsableArguments {
  @Option(
    help: """
      One step of the way from a shared certificate: prepare makes the new users and takes nothing away, switch turns \
      authentication on, clean takes the old user away.
      """)
  var stage: Stage?

  @OptionGroup var shared: SharedOptions

  @Option(help: "Seconds for which clean counts refused requests, before and after the shared user goes.")
  var watch = 10

  func validate() throws {
    guard (1...3600).contains(watch) else { throw ValidationError("--watch takes 1 to 3600 seconds") }
    if stage == nil, shared.shared != nil || shared.pods != nil {
      throw ValidationError("--shared and --pods belong to --stage")
    }
  }

  /// Whether all that the file wants is done afterwards.
  var isLast: Bool { stage == nil || stage == .clean }

  /// What of the plan belongs to the stage.
  func plan(_ plan: Plan, from state: ClusterState, _ goal: Goal) throws -> Plan {
    switch stage {
    case nil: return plan
    case .prepare: return try plan.preparing(shared: shared.shared, from: state)
    case .switch: return try plan.switching(shared: shared.shared, from: state)
    case .clean:
      if let uses = try shared.podUses(), !uses.pods.isEmpty {
        throw StageRefusal.stillMounted(shared.secret, uses.pods)
      }
      return try plan.cleaning(
        shared: shared.shared, from: state, goal.desired, applicant: goal.applicant)
    }
  }

  /// The user that goes last of all; nil if none does, or if the file has it for something.
  func leaving(_ desired: DesiredState) -> String? {
    guard stage == .clean, let user = shared.shared, !desired.users.contains(where: { $0.name == user })
    else {
      return nil
    }
    return user
  }

  /// What to do next; nil outside of stages.
  var next: String? {
    switch stage {
    case nil: nil
    case .prepare: "next, 'bulkhead apply --stage switch\(again)'"
    case .switch:
      "next, give each program its own certificate ('bulkhead manifest' and a rollout), then 'bulkhead apply --stage clean\(again)'"
    case .clean:
      shared.pods == nil ? "etcd does not tell who uses a certificate; --pods looks at the pods" : nil
    }
  }

  private var again: String { shared.shared.map { " --shared \($0)" } ?? "" }
}
