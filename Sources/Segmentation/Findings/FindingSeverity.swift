/// How much a finding of lint, preflight or verify matters.
package enum FindingSeverity: String, Comparable, CaseIterable, Codable, Sendable {
  /// Worth knowing; no action is needed.
  case info
  /// Allows or protects less than it seems to, or could not be found out.
  case warning
  /// The segmentation is not effective, a client would be locked out, or something will not work.
  case error

  private var rank: Int {
    switch self {
    case .info: 0
    case .warning: 1
    case .error: 2
    }
  }

  package static func < (left: FindingSeverity, right: FindingSeverity) -> Bool { left.rank < right.rank }

  /// The same word in texts and in JSON.
  package var word: String { rawValue }
}

extension FindingSeverity: CustomStringConvertible {
  package var description: String { rawValue }
}
