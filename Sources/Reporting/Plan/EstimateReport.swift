import Etcd
import Reconciliation
import Segmentation

/// The estimated cost of a plan, as text and as JSON.
package struct EstimateReport: Encodable, Sendable {
  let seconds: Double
  /// Where the speed is assumed and there are many changes: a bound that was not exceeded in tests.
  let secondsAtMost: Double?
  /// How long one change makes every client wait.
  let stallSeconds: Double
  let isMeasured: Bool
  /// The number of nodes above which the isolation `node-certificate` is the better choice.
  let bearableNodes: Int?
  private let text: String

  private enum CodingKeys: String, CodingKey {
    case seconds, secondsAtMost, stallSeconds, isMeasured, bearableNodes
  }

  /// - Parameter bearableNodes: From ``Estimate/bearableNodes(_:cost:)``.
  package init(_ estimate: Estimate, bearableNodes: Int? = nil) {
    seconds = estimate.time / .seconds(1)
    stallSeconds = estimate.stall / .seconds(1)
    isMeasured = estimate.cost.isMeasured
    self.bearableNodes = bearableNodes
    let time = max(estimate.time, .milliseconds(100))
    // With an assumed speed and many changes, small clusters of 3.6 and 3.7 took up to 21 times as long.
    let isVague = !isMeasured && estimate.cost.grows && estimate.changes >= 100
    secondsAtMost = isVague ? 20 * seconds : nil
    var lines = [
      isVague
        ? "apply takes \(time.roughly) to about \((time * 20).roughly)" : "apply takes about \(time.roughly)"
    ]
    if estimate.stall >= .milliseconds(1) {
      lines[0] +=
        "; each change makes every client wait for up to about \(estimate.stall.roughly), because this release "
        + "recomputes the permissions of all \(count(estimate.users, "user"))"
    }
    if let bearableNodes {
      lines.append(
        "from about \(bearableNodes.grouped) nodes on, each change would make every client wait for more than "
          + "\(Estimate.bearable.roughly): 'isolation: node-certificate' has no such cost")
    }
    if estimate.cost.grows, !isMeasured, estimate.stall >= .milliseconds(1) {
      lines.append("(the members' speed is assumed: with fewer than 500 users it cannot be measured)")
    }
    text = lines.joined(separator: "\n")
  }

  /// Measures the cluster with a few reads; nil if the plan is empty.
  package init?(
    _ plan: Plan, from state: ClusterState, _ segmentation: Segmentation, _ etcd: EtcdClient
  ) async throws {
    guard !plan.isEmpty else { return nil }
    let cost = try await AuthCost.measure(etcd)
    self.init(
      Estimate(plan, from: state, cost: cost),
      bearableNodes: Estimate.bearableNodes(segmentation, cost: cost))
  }

  package func text(_ style: Style) -> String { style.faint(text) }
}
