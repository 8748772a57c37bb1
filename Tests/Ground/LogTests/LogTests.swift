import FoundationEssentials
import Synchronization
import Testing

@testable import Log

/// What `logger` writes while `body` uses it, without the times.
private func lines(level: Logger.Level = .info, _ body: (Logger) -> Void) -> [Substring] {
  let written = Mutex<[String]>([])
  var logger = Logger(label: "test") { line in written.withLock { $0.append(line) } }
  logger.logLevel = level
  body(logger)
  return written.withLock { $0 }.map { $0.drop { $0 != " " }.dropFirst() }
}

@Suite struct LogTests {
  @Test func aLineHasTheLevelTheLabelTheMetadataByNameTheRoomAndTheMessage() {
    let written = lines { $0.info("in place", metadata: ["reason": "first", "identity": "calico-node"]) }
    #expect(written == ["info test: identity=calico-node reason=first [LogTests] in place"])
  }

  @Test func aLineWithoutMetadata() {
    #expect(lines { $0.error("stopped") } == ["error test: [LogTests] stopped"])
  }

  @Test func aMessageBelowTheLevelIsNotEvenMade() {
    var made = 0
    func message() -> String {
      made += 1
      return "x"
    }
    #expect(lines(level: .error) { $0.warning(message()) }.isEmpty)
    #expect(made == 0)
    #expect(lines(level: .warning) { $0.warning(message()) }.count == 1)
    #expect(made == 1)
  }

  @Test(arguments: [
    ("two\nlines", #"two\nlines"#), ("a\r\nb\tc", #"a\r\nb\tc"#), ("\u{1B}[31mred", #"\u{1B}[31mred"#),
    ("nul\0", #"nul\u{0}"#), ("\u{85}\u{2028}\u{2029}\u{7F}", #"\u{85}\u{2028}\u{2029}\u{7F}"#),
    (#"C:\path "quoted" é 🧭"#, #"C:\path "quoted" é 🧭"#), ("", ""),
  ])
  func whateverIsLoggedIsOneLine(_ text: String, _ shown: String) {
    #expect(
      lines { $0.notice(text, metadata: [text: text]) } == [
        "notice test: \(shown)=\(shown) [LogTests] \(shown)"
      ])
  }

  @Test(arguments: ["plain", "two\nlines", "\u{1B}[31mred \"x\" \\ \u{0}", "\u{85}\u{2028}é 🧭", ""])
  func aLineInJSONIsOneLineThatAReaderTakesBack(_ text: String) throws {
    let written = Mutex<[String]>([])
    let logger = Logger(label: text, format: .json) { line in written.withLock { $0.append(line) } }
    logger.warning(text, metadata: [text: text, "message": "other"])
    let line = try #require(written.withLock { $0 }.first)
    #expect(!line.unicodeScalars.contains { LogLine.breaksLine($0) })
    struct Read: Decodable {
      let time, level, label, room, message: String
      let fields: [String: String]
    }
    let read = try JSONDecoder().decode(Read.self, from: Data(line.utf8))
    #expect(read.level == "warning" && read.label == text && read.message == text && read.room == "LogTests")
    #expect(read.fields == [text: text, "message": "other"])
  }

  @Test func aTimeIsGivenToTheSecondWithTheOffsetFromUTC() throws {
    let text = LogTime(seconds: 1_795_855_580).text
    #expect(try /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}/.wholeMatch(in: text) != nil, "\(text)")
    #expect(LogTime(seconds: .max).text == "@\(Int.max)")
  }

  @Test func levelsAreOrdered() {
    #expect([Logger.Level.critical, .trace, .warning].sorted() == [.trace, .warning, .critical])
  }
}
