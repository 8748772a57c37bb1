import FoundationEssentials

/// Variables that stand for options, for continuous integration. An option on the command line takes precedence.
enum EnvironmentVariable: String, CaseIterable {
  case file = "BULKHEAD_FILE"
  case timeout = "BULKHEAD_TIMEOUT"

  /// Nil if it is unset or empty.
  var value: String? { ProcessInfo.processInfo.environment[rawValue].flatMap { $0.isEmpty ? nil : $0 } }
}
