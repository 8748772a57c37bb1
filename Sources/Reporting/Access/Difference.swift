import Reconciliation
import Text

/// A difference between the file and etcd, as text and as JSON.
struct Difference: Encodable, Sendable {
  let kind: String
  let subject: String
  let meaning: String
  /// Whether the plan leaves it unchanged.
  let leftAlone: Bool

  init(_ drift: Drift) {
    kind = drift.kind.rawValue
    subject = drift.subject
    meaning = drift.meaning
    leftAlone = drift.isLeft
  }

  /// The number of differences of each kind, then each difference. The changes themselves report what is only
  /// missing.
  static func lines(_ all: [Difference], _ style: Style) -> [String] {
    guard !all.isEmpty else { return [] }
    let counts = Drift.Kind.allCases.compactMap { kind in
      let number = all.count { $0.kind == kind.rawValue }
      return number > 0 ? "\(number) \(kind.rawValue)" : nil
    }
    var lines = ["", "differences between etcd and the file: \(counts.joined(separator: ", "))"]
    let corrected = all.filter { !$0.leftAlone && $0.kind != Drift.Kind.missing.rawValue }
    let left = all.filter(\.leftAlone)
    lines += corrected.map { visible("  \($0.kind): \($0.subject): \($0.meaning)") }
    if !left.isEmpty {
      lines.append("left alone, because the file does not name it or Bulkhead did not create it:")
      lines += left.map { "  \(style.caution($0.kind)): \(visible("\($0.subject): \($0.meaning)"))" }
    }
    return lines
  }
}
