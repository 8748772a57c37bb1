/// Which stage of the migration from a shared certificate one apply makes, and the inputs for it.
package struct StageRequest: Sendable {
  package let stage: Stage
  /// The Common Names of the shared certificates; empty if each program has its own already.
  package let shared: [String]
  /// The pods that mount the shared certificate's Secret; nil if no list of pods was given.
  package let podUses: PodsWithSecret?
  /// The Secret of the shared certificate, for messages.
  package let secret: String

  package init(_ stage: Stage, shared: [String], podUses: PodsWithSecret?, secret: String) {
    self.stage = stage
    self.shared = shared
    self.podUses = podUses
    self.secret = secret
  }

  /// The changes of the plan that belong to this stage.
  /// - Throws: ``StageRefusal`` if the stage would take access that someone needs.
  package func part(of plan: Plan, from state: ClusterState, _ goal: ApplyGoal) throws(StageRefusal) -> Plan {
    switch stage {
    case .prepare: return try plan.preparing(shared: shared, from: state)
    case .switch: return try plan.switching(shared: shared, from: state)
    case .clean:
      if let podUses, !podUses.pods.isEmpty { throw .stillMounted(secret, podUses.pods) }
      return try plan.cleaning(shared: shared, from: state, goal.desired, applicant: goal.applicant)
    }
  }

  /// The users that are deleted last; empty in the other stages. A user that the file names stays.
  package func leaving(_ desired: DesiredState) -> [String] {
    guard stage == .clean else { return [] }
    return shared.filter { user in !desired.users.contains { $0.name == user } }
  }
}
