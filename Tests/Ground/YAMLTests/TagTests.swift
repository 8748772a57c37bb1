import TestSupport
import Testing

@testable import YAML

@Suite struct TagTests {
  @Test(arguments: [
    ("int", ["0", "-1", "+12", "1_000", "0x1F", "0o17", "017", "0b101", "190:20:30", "-0", "00"]),
    (
      "float",
      ["1.5", ".5e+3", "1e3", ".5", "1.", "190:20:30.15", ".inf", "-.INF", ".NaN", "1_0.0", "09.", "089"]
    ),
    ("bool", ["yes", "No", "TRUE", "off"]),
    ("null", ["~", "null", "NULL", ""]),
    (
      "timestamp",
      ["2001-12-14", "2001-12-14t21:59:43.10-05:00", "2001-1-1 1:59:43 Z", "2001-12-15 2:59:43.10"]
    ),
    ("merge", ["<<"]), ("value", ["="]),
    (
      "str",
      [
        "y", "N", "yEs", "nUll", "0x", "0b2", "0o8", "1:60", "1e", "e3", ".", "-", "+", "1.2.3", "2001-1-1",
        "+.5",
        "+.nan", ".5e3", "-.5", "1 2", "a", "<<<", "==", "~~", "١", "-a", "0_8:9", "2001-12-14 21:59",
      ]
    ),
  ])
  func aTextHasTheTypeOfYAML11(tag: String, texts: [String]) {
    for text in texts { #expect(CoreTag(of: text).rawValue == tag, "\(text)") }
  }

  /// The patterns of Yams' default resolver, in its order.
  private nonisolated(unsafe) static let patterns: [(String, Regex<AnyRegexOutput>)] = {
    let texts = [
      ("bool", "yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF"),
      (
        "int",
        "[-+]?0b[0-1_]+|[-+]?0o?[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+"
          + "|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+"
      ),
      (
        "float",
        "[-+]?(?:[0-9][0-9_]*)(?:\\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?|\\.[0-9_]+(?:[eE][-+][0-9]+)?"
          + "|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\\.[0-9_]*|[-+]?\\.(?:inf|Inf|INF)|\\.(?:nan|NaN|NAN)"
      ),
      ("merge", "<<"), ("null", "~|null|Null|NULL|"),
      (
        "timestamp",
        "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]"
          + "|[0-9][0-9][0-9][0-9]-[0-9][0-9]?-[0-9][0-9]?(?:[Tt]|[ \\t]+)[0-9][0-9]?:[0-9][0-9]:[0-9][0-9]"
          + "(?:\\.[0-9]*)?(?:[ \\t]*(?:Z|[-+][0-9][0-9]?(?::[0-9][0-9])?))?"
      ),
      ("value", "="),
    ]
    return texts.compactMap { name, text in (try? Regex(text)).map { (name, $0) } }
  }()

  @Test func theTypesAreThoseOfYamsPatterns() throws {
    #expect(Self.patterns.count == 7)
    let pieces = [
      "0", "1", "5", "6", "9", "12", "2001", "-", "+", ".", "_", ":", "e", "E", "x", "o", "b", "a", "F",
      "inf",
      "NaN", "T", "t", " ", "Z", "<", "=", "~", "null", "true", "-12-14", ":30",
    ]
    var generator = SeededGenerator(seed: 21)
    for number in 0..<20_000 {
      let count = Int.random(in: 0...7, using: &generator)
      let text = (0..<count).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
      let expected = try Self.patterns.first { try $0.1.wholeMatch(in: text) != nil }?.0 ?? "str"
      try #require(CoreTag(of: text).rawValue == expected, "\(number): \(text)")
    }
  }
}
