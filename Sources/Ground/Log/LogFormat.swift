/// The two forms of a log line.
package enum LogFormat: String, CaseIterable, Sendable {
  /// `2026-11-28T08:46:20+0000 info bulkhead: identity=calico-node [Agent] a new certificate is in place`.
  case text
  /// One JSON object (RFC 8259): `time`, `level`, `label`, `room` and `message`, and the metadata in an object of its
  /// own, `fields`, so that no name of theirs can replace another.
  case json
}

extension LogLine {
  /// The line as one JSON object, without a line feed.
  package func json(at time: LogTime) -> String {
    let fields = metadata.sorted { $0.key < $1.key }.map { "\(Self.quoted($0.key)):\(Self.quoted($0.value))" }
    let members = [
      ("time", Self.quoted(time.text)), ("level", Self.quoted("\(level)")), ("label", Self.quoted(label)),
      ("room", Self.quoted(room)), ("message", Self.quoted(message)),
      ("fields", "{\(fields.joined(separator: ","))}"),
    ]
    return "{\(members.map { "\"\($0)\":\($1)" }.joined(separator: ","))}"
  }

  /// A JSON string. All control characters and line separators are escaped, so that the text is one line for each reader.
  static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\r": quoted += "\\r"
      case "\t": quoted += "\\t"
      case _ where breaksLine(scalar):
        // Controls and separators are in the basic plane, so that one escape of four digits is enough.
        let digits = String(scalar.value, radix: 16)
        quoted += "\\u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}
