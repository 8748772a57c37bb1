import FoundationEssentials

/// What the agent's `/metrics` serves, for the reference.
package enum AgentMetrics {
  /// Every metric, with made-up values; those in capitals stand for names.
  package static func example(at moment: Date) -> String {
    let status = AgentStatus()
    status.show(
      [
        AgentStanding(example: .certificate, "NAME", at: moment),
        AgentStanding(example: .revocationList, "NAME", at: moment),
      ], at: moment)
    return status.metrics(now: moment)
  }
}
