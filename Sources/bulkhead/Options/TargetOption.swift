import Arguments
import Reconciliation

/// What a plan is limited to.
struct TargetOption: ParsableArguments {
  @Option(
    name: .customLong("target"),
    help: ArgumentHelp(
      """
      Only this identity, role or node, and the roles that it needs; may be repeated. What is left out is listed. A role \
      that others have too changes for them as well.
      """, valueName: "name"))
  var targets: [String] = []

  /// The part of a plan that concerns the targets; the whole plan without one.
  func part(of plan: Plan, from state: ClusterState, _ workspace: Workspace) throws -> Plan {
    guard !targets.isEmpty else { return plan }
    return plan.limited(to: try PlanTarget(targets, workspace.segmentation, state), from: state)
  }
}
