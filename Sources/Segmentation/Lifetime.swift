/// How long a certificate is valid: a number and a unit, `90d`, `12h`, `30m`, `1y` (365 days).
public struct Lifetime: Hashable, Sendable {
  public let seconds: Int

  public static let ninetyDays = Lifetime(seconds: 90 * 86_400)

  public init(seconds: Int) { self.seconds = seconds }

  /// - Returns: nil unless the text is a number above zero and one of the units `m`, `h`, `d`, `w`, `y`.
  public init?(_ text: String) {
    let units: [Character: Int] = ["m": 60, "h": 3_600, "d": 86_400, "w": 604_800, "y": 31_536_000]
    guard let unit = text.last.flatMap({ units[$0] }), let count = Int(text.dropLast()), count > 0,
      case (let seconds, let overflow) = count.multipliedReportingOverflow(by: unit), !overflow
    else { return nil }
    self.seconds = seconds
  }
}

extension Lifetime: CustomStringConvertible {
  public var description: String {
    if seconds % 86_400 == 0 { return "\(seconds / 86_400)d" }
    return seconds % 3_600 == 0 ? "\(seconds / 3_600)h" : "\(seconds / 60)m"
  }
}
