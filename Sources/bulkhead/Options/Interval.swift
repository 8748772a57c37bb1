import Arguments

/// A time on the command line: a number and a unit, `30s`, `5m`, `1h`, `1d`.
struct Interval: ExpressibleByArgument, Sendable {
  let seconds: Int

  init(seconds: Int) { self.seconds = seconds }

  init?(argument: String) {
    let units: [Character: Int] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
    let digits = argument.dropLast()
    guard let last = argument.last, let unit = units[last], digits.first?.isNumber == true,
      let number = Int(digits), (1...100_000_000 / unit).contains(number)
    else { return nil }
    seconds = number * unit
  }

  var duration: Duration { .seconds(seconds) }

  var argumentText: String {
    for (unit, size) in [("d", 86_400), ("h", 3_600), ("m", 60)] where seconds % size == 0 {
      return "\(seconds / size)\(unit)"
    }
    return "\(seconds)s"
  }
}
