import Glibc

/// What one line says, and its form.
///
/// A line ends where the message ends: control characters and line ends within a name, a value or the message, of
/// ASCII or not, are written as `\n`, `\r`, `\t` or `\u{1B}`. All else is as it is, so that quotes and backslashes of
/// paths stay readable.
package struct LogLine: Sendable {
  package var level: Logger.Level
  package var label: String
  package var metadata: Logger.Metadata
  /// `Room/File.swift`; the room is shown.
  package var source: String
  package var message: String

  /// The line without a line feed.
  package func text(at time: LogTime) -> String {
    var line = "\(time.text) \(level)"
    if !label.isEmpty { line += " \(Self.oneLine(label))" }
    line += ":"
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
      line += " \(Self.oneLine(key))=\(Self.oneLine(value))"
    }
    return line + " [\(room)] \(Self.oneLine(message))"
  }

  /// The room that logs.
  var room: String { String(source.prefix { $0 != "/" }) }

  static func oneLine(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: breaksLine) else { return text }
    var line = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n": line += "\\n"
      case "\r": line += "\\r"
      case "\t": line += "\\t"
      case _ where breaksLine(scalar):
        line += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
      default: line.unicodeScalars.append(scalar)
      }
    }
    return line
  }

  static func breaksLine(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }
}

/// A moment in the time zone of the machine, to the second.
package struct LogTime: Sendable {
  private let seconds: time_t

  package static var now: LogTime { LogTime(seconds: time(nil)) }

  /// - Parameter seconds: since 1970 began in UTC.
  package init(seconds: Int) { self.seconds = seconds }

  /// `2026-11-28T08:46:20+0000`.
  var text: String {
    var seconds = seconds
    var fields = tm()
    // Fails for years that do not fit an Int32 only.
    guard localtime_r(&seconds, &fields) != nil else { return "@\(seconds)" }
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
      let count = strftime(buffer.baseAddress!, buffer.count, "%Y-%m-%dT%H:%M:%S%z", &fields)
      return String(decoding: buffer[..<count].lazy.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
  }
}
