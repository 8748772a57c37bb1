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
  /// How many times other clients wrote in a second.
  let writesPerSecond: Double
  /// How many writes of other clients the changes refuse.
  let refusedWrites: Double
  private let text: String

  private enum CodingKeys: String, CodingKey {
    case seconds, secondsAtMost, stallSeconds, isMeasured, bearableNodes, writesPerSecond, refusedWrites
  }

  /// - Parameter bearableNodes: From ``Estimate/bearableNodes(_:cost:)``.
  package init(_ estimate: Estimate, bearableNodes: Int? = nil) {
    seconds = estimate.time / .seconds(1)
    stallSeconds = estimate.stall / .seconds(1)
    isMeasured = estimate.cost.isMeasured
    self.bearableNodes = bearableNodes
    writesPerSecond = estimate.cost.writesPerSecond
    refusedWrites = estimate.refusedWrites
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
    if let refused = Self.refused(estimate) { lines.append(refused) }
    if estimate.cost.grows, !isMeasured, estimate.stall >= .milliseconds(1) {
      lines.append("(the members' speed is assumed: with fewer than 500 users it cannot be measured)")
    }
    text = lines.joined(separator: "\n")
  }

  /// What the changes refuse other clients; nil if none was writing.
  package static func refused(_ estimate: Estimate) -> String? {
    guard estimate.cost.writesPerSecond >= 1 else { return nil }
    let writes = max(1, Int(estimate.refusedWrites.rounded(.up)))
    return
      "other clients write about \(Int(estimate.cost.writesPerSecond.rounded()).grouped) times a second: about "
      + "\(writes.grouped) of these writes \(writes == 1 ? "is" : "are") refused once ('revision of auth store is old'), and "
      + "have to be repeated, which etcd's Go client does from 3.5.2 on; 'apply --pace' spreads the changes"
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
