/// Writes lines for those who run a program: a time, a level, who says it, `key=value` pairs and a message.
///
///     let log = Logger(label: "bulkhead")
///     log.info("a new certificate is in place", metadata: ["identity": "calico-node"])
///
/// writes `2026-11-28T08:46:20+0000 info bulkhead: identity=calico-node [Agent] a new certificate is in place`. The word
/// in brackets is the room that logs. Each call is one line, whatever the texts hold: see ``LogLine``.
package struct Logger: Sendable {
  /// How much a line matters, the least first.
  package enum Level: Int, Sendable, Comparable {
    case trace, debug, info, notice, warning, error, critical

    package static func < (one: Level, other: Level) -> Bool { one.rawValue < other.rawValue }
  }

  /// What belongs to a message, by name; written in the names' order.
  package typealias Metadata = [String: String]

  /// Takes finished lines, without the line feed, from any thread.
  package typealias Output = @Sendable (String) -> Void

  /// Says nothing.
  package static let silent = Logger(label: "") { _ in }

  package let label: String
  /// The least level that is written.
  package var logLevel = Level.info
  private let format: LogFormat
  private let output: Output

  /// - Parameters:
  ///   - label: The part of the program that speaks.
  ///   - format: The form of each line.
  ///   - output: Where lines go.
  package init(
    label: String, format: LogFormat = .text, output: @escaping Output = StandardError.write
  ) {
    self.label = label
    self.format = format
    self.output = output
  }

  /// - Parameters:
  ///   - message: Evaluated only where the level is written.
  ///   - source: The room that logs, by one of its files.
  package func log(
    _ level: Level, _ message: @autoclosure () -> String, metadata: @autoclosure () -> Metadata = [:],
    source: String = #fileID
  ) {
    guard level >= logLevel else { return }
    let line = LogLine(
      level: level, label: label, metadata: metadata(), source: source, message: message())
    output(format == .text ? line.text(at: .now) : line.json(at: .now))
  }

  package func info(
    _ message: @autoclosure () -> String, metadata: @autoclosure () -> Metadata = [:],
    source: String = #fileID
  ) { log(.info, message(), metadata: metadata(), source: source) }

  package func notice(
    _ message: @autoclosure () -> String, metadata: @autoclosure () -> Metadata = [:],
    source: String = #fileID
  ) { log(.notice, message(), metadata: metadata(), source: source) }

  package func warning(
    _ message: @autoclosure () -> String, metadata: @autoclosure () -> Metadata = [:],
    source: String = #fileID
  ) { log(.warning, message(), metadata: metadata(), source: source) }

  package func error(
    _ message: @autoclosure () -> String, metadata: @autoclosure () -> Metadata = [:],
    source: String = #fileID
  ) { log(.error, message(), metadata: metadata(), source: source) }
}
