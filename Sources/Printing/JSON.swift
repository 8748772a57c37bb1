import FoundationEssentials
import Text

/// Results as JSON.
package enum JSON {
  /// Keys are sorted, so that equal results give equal text.
  package static func text(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.dateEncodingStrategy = .iso8601
    // JSONEncoder escapes control characters below U+0020 only.
    return TerminalText.safe(json: String(decoding: try encoder.encode(value), as: UTF8.self))
  }
}
