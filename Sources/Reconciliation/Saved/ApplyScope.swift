import Segmentation

/// What limits one apply: a plan that was reviewed, or the names of identities, roles and nodes.
package struct ApplyScope: Sendable {
  private let reviewed: SavedPlan?
  private let targets: [String]
  private let segmentation: Segmentation?

  /// Nothing limits it.
  package init() { (reviewed, targets, segmentation) = (nil, [], nil) }

  /// - Parameters:
  ///   - reviewed: A saved plan; it has its own targets.
  ///   - targets: See ``PlanTarget``.
  package init(reviewed: SavedPlan? = nil, targets: [String] = [], _ segmentation: Segmentation) {
    self.reviewed = reviewed
    self.targets = reviewed?.basis.targets ?? targets
    self.segmentation = segmentation
  }

  /// The part of a plan that is made.
  /// - Throws: ``SavedPlanRefusal`` if it is not what was reviewed; ``UnknownTarget``.
  func part(
    of plan: Plan, from state: ClusterState, _ goal: ApplyGoal, _ survey: Survey, version: String
  ) throws -> Plan {
    guard let segmentation else { return plan }
    let part =
      targets.isEmpty
      ? plan : plan.limited(to: try PlanTarget(targets, segmentation, state), from: state)
    if let reviewed {
      let now = try PlanBasis(goal, survey, state, bulkhead: version, targets: targets)
      try reviewed.check(part, now)
    }
    return part
  }

  /// - Throws: ``SavedPlanRefusal`` if access has to be given back first, which was not reviewed.
  func check(_ interrupted: InterruptedRemovals) throws(SavedPlanRefusal) {
    guard let reviewed, !interrupted.restorable.isEmpty else { return }
    let names = interrupted.restorable.map(\.name).joined(separator: ", ")
    throw .stale(
      [
        "an apply was killed that had taken access from \(names), and 'bulkhead apply' without a plan gives it back first"
      ], made: reviewed.madeAt)
  }

  /// Whether a part of a plan is all of it, as far as targets limit it.
  func covers(_ part: Plan) -> Bool { targets.isEmpty || part.left.isEmpty }
}
