/// How long a certificate is valid: a number and a unit, `90d`, `12h`, `30m`, `1y` (365 days).
package struct Lifetime: Hashable, Sendable {
  package let seconds: Int

  package static let ninetyDays = Lifetime(seconds: 90 * 86_400)
  package static let oneDay = Lifetime(seconds: 86_400)

  private static let units: [(name: Character, seconds: Int)] = [
    ("y", 31_536_000), ("w", 604_800), ("d", 86_400), ("h", 3_600), ("m", 60),
  ]
  private static let longest = 100 * 31_536_000

  /// The format, for hints.
  package static let form = "a number and a unit, at most 100y: 90d, 12h, 30m, 4w, 1y"

  private init(seconds: Int) { self.seconds = seconds }

  /// - Returns: nil unless the text is a number above zero and one of the units `m`, `h`, `d`, `w`, `y`, and
  ///   at most 100 years.
  package init?(_ text: String) {
    let digits = text.dropLast()
    // `Int` also accepts `+90`.
    guard let unit = Self.units.first(where: { $0.name == text.last }), digits.first?.isNumber == true,
      let count = Int(digits), (1...Self.longest / unit.seconds).contains(count)
    else { return nil }
    seconds = count * unit.seconds
  }
}

extension Lifetime: CustomStringConvertible {
  /// In days if that is a whole number, otherwise in hours or minutes.
  package var description: String {
    if seconds % 86_400 == 0 { return "\(seconds / 86_400)d" }
    return seconds % 3_600 == 0 ? "\(seconds / 3_600)h" : "\(seconds / 60)m"
  }
}
