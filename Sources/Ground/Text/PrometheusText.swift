/// Metrics in Prometheus' text format, version 0.0.4
/// (https://prometheus.io/docs/instrumenting/exposition_formats/).
package struct PrometheusText {
  /// The media type of ``text``.
  package static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

  package enum Kind: String, Sendable { case counter, gauge, histogram }

  /// A value of a metric.
  package struct Sample {
    let suffix: String
    let labels: [(name: String, value: String)]
    let value: String

    /// - Parameters:
    ///   - labels: Their values may have any characters.
    ///   - suffix: What follows the metric's name: `_bucket`, `_sum` or `_count` of a histogram.
    package init(
      _ value: some LosslessStringConvertible & Numeric, _ labels: [(name: String, value: String)] = [],
      suffix: String = ""
    ) {
      self.value = "\(value)"
      self.labels = labels
      self.suffix = suffix
    }
  }

  /// What was added so far.
  package private(set) var text = ""

  package init() {}

  /// - Parameter help: One line.
  package mutating func add(_ name: String, _ kind: Kind, _ help: String, _ samples: [Sample]) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind)\n"
    for sample in samples {
      let labels = sample.labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",")
      text += "\(name)\(sample.suffix)\(labels.isEmpty ? "" : "{\(labels)}") \(sample.value)\n"
    }
  }

  private static func escaped(_ value: String) -> String {
    value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
  }
}
