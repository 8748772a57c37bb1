import Text

/// A histogram of durations.
struct Histogram {
  /// Upper bounds in seconds.
  static let bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

  private var counts = [Int](repeating: 0, count: bounds.count)
  private(set) var sum = 0.0
  private(set) var count = 0

  mutating func observe(_ seconds: Double) {
    sum += seconds
    count += 1
    for (index, bound) in Self.bounds.enumerated() where seconds <= bound { counts[index] += 1 }
  }

  var samples: [PrometheusText.Sample] {
    zip(Self.bounds, counts).map { .init($1, [("le", "\($0)")], suffix: "_bucket") } + [
      .init(count, [("le", "+Inf")], suffix: "_bucket"), .init(sum, suffix: "_sum"),
      .init(count, suffix: "_count"),
    ]
  }
}
