import Reconciliation

/// What an apply has done.
public struct ApplyReport: TextReport, Sendable {
  public enum Authentication: String, Encodable, Sendable {
    case off
    case on
    case turnedOn = "turned on"
  }

  let cluster: String
  let changes: [String]
  let seconds: Double
  public let authentication: Authentication
  /// What only came to light when authentication was on, such as users that anybody can log in as.
  let remaining: [String]

  public init(
    _ plan: Plan, cluster: String, time: Duration, authentication: Authentication, remaining: Plan?
  ) {
    self.cluster = cluster
    changes = plan.changes.map(\.words)
    seconds = Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18
    self.authentication = authentication
    self.remaining = remaining?.changes.map(\.words) ?? []
  }

  public var isComplete: Bool { remaining.isEmpty }

  public func text(_ style: Style) -> String {
    var lines: [String] = []
    if changes.isEmpty {
      lines.append("\(cluster): nothing to do")
    } else {
      let time = "\(Int(seconds * 10) / 10).\(Int(seconds * 10) % 10) s"
      lines.append(
        "\(cluster): \(style.good("\(count(changes.count, "change")) made and read back")) in \(time)")
    }
    switch authentication {
    case .off:
      lines.append("\(cluster): \(style.caution("authentication is off")), so nothing is enforced yet")
    case .on: break
    case .turnedOn:
      lines.append(
        "\(cluster): \(style.good("authentication is on")), and every member still answers its administrator")
    }
    lines += remaining.map { "\(style.bad("still to do:")) \($0)" }
    return lines.joined(separator: "\n")
  }
}
