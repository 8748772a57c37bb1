/// The colours of the page. Each pair that is used as text on a ground reaches a contrast of 4.5, and each mark on a
/// ground 3 (WCAG 2.2, 1.4.3 and 1.4.11); a test computes them.
struct Palette: Sendable {
  let ground: String
  let panel: String
  let ink: String
  let muted: String
  let line: String
  /// Marks of access, links and headings.
  let accent: String
  /// Text on ``accent``.
  let onAccent: String
  let good: String
  let caution: String
  let bad: String
  /// The ground of a kind of keys that no identity reaches.
  let closed: String

  static let light = Palette(
    ground: "#ffffff", panel: "#f4f6f8", ink: "#17212b", muted: "#4f5d6b", line: "#ccd5dd",
    accent: "#0c5672", onAccent: "#ffffff", good: "#17653a", caution: "#7b4a00", bad: "#a1221a",
    closed: "#e9edf1")
  static let dark = Palette(
    ground: "#10161c", panel: "#18212a", ink: "#e7edf3", muted: "#a9b6c3", line: "#36444f",
    accent: "#74c7e3", onAccent: "#0a1a22", good: "#83d9a4", caution: "#f1c068", bad: "#ff9f96",
    closed: "#1f2a34")

  /// Text and the grounds that it is on, by name.
  var textPairs: [(text: String, ground: String)] {
    [ink, muted, accent, good, caution, bad].flatMap { [($0, ground), ($0, panel)] }
      + [(onAccent, accent), (ink, closed), (muted, closed), (accent, closed)]
  }

  /// The declarations of the page's custom properties.
  var properties: String {
    let all = [
      ("ground", ground), ("panel", panel), ("ink", ink), ("muted", muted), ("line", line),
      ("accent", accent), ("on-accent", onAccent), ("good", good), ("caution", caution), ("bad", bad),
      ("closed", closed),
    ]
    return all.map { "--\($0):\($1);" }.joined()
  }
}
