import Reconciliation

extension ApplyProgress {
  /// `1,234 of 20,000 changes, 312 a second, about 1 min left: make the role calico-node.node-7`.
  package var words: String {
    var parts = ["\(done.grouped) of \(count(total, "change"))"]
    if let rate, total > 1 { parts.append("\(rate < 10 ? "\(rate.tenths)" : Int(rate).grouped) a second") }
    if let remaining, remaining >= .seconds(1) { parts.append("about \(remaining.roughly) left") }
    return parts.joined(separator: ", ") + (change.map { ": \($0.words)" } ?? "")
  }
}

extension Duration {
  /// An approximate duration: `40 ms`, `2 s`, `7 min`, `2.5 h`.
  var roughly: String {
    let seconds = self / .seconds(1)
    switch seconds {
    case ..<0.0095: return "\((seconds * 1000).tenths) ms"
    case ..<0.95: return "\(Int((seconds * 100).rounded()) * 10) ms"
    case ..<9.5: return "\(seconds.tenths) s"
    case ..<90: return "\(Int(seconds.rounded())) s"
    case ..<5400: return "\(Int((seconds / 60).rounded())) min"
    default: return "\((seconds / 3600).tenths) h"
    }
  }
}

extension Double {
  /// With one decimal, or none if it is zero.
  var tenths: String {
    let tenths = Int((self * 10).rounded())
    return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
  }
}

extension Int {
  /// `12,345`.
  var grouped: String {
    let digits = Array("\(magnitude)")
    let text = digits.enumerated().map { index, digit in
      index > 0 && (digits.count - index) % 3 == 0 ? ",\(digit)" : "\(digit)"
    }.joined()
    return self < 0 ? "-\(text)" : text
  }
}
