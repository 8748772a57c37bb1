import FoundationEssentials

extension AuditEntry {
  /// What can complete the beginning of a line: it may end in the name of a field, in a text, in an escape sequence,
  /// in a number, or between them.
  private static let ends = [
    "}", "\":0}", ":0}", "0}", "\"}", "\"x\":0}", "\\\"}", "0\"}", "00\"}", "000\"}", "0000\"}",
    // The same within a surrogate pair.
    "0\\ude00\"}", "00\\ude00\"}", "\\ude00\"}", "ude00\"}", "de00\"}", "e00\"}",
  ]
  private static let fields: Set<String> = [
    "time", "decision", "identity", "node", "method", "proof", "pod", "token", "client", "reason", "serial",
    "count", "previous", "chain",
  ]
  /// No line is longer: each text has at most 200 bytes, in up to six characters each.
  private static let longestLine = 16 << 10

  /// Whether a line is the beginning of one that the server writes, and not a whole one.
  static func isBeginning(_ line: ArraySlice<UInt8>) -> Bool {
    guard line.count < longestLine, line.first == UInt8(ascii: "{"), !isObject(line) else { return false }
    return ends.contains { end in
      guard let found = names(line + Array(end.utf8)) else { return false }
      // The last name may be incomplete.
      let others = found.subtracting(fields)
      return others.count <= 1
        && others.allSatisfy { other in other == "x" || fields.contains { $0.hasPrefix(other) } }
    }
  }

  private static func isObject(_ line: ArraySlice<UInt8>) -> Bool { names(line) != nil }

  /// The names in an object of JSON without objects or arrays in it; nil if the bytes are not one.
  private static func names(_ line: ArraySlice<UInt8>) -> Set<String>? {
    (try? JSONDecoder().decode([String: Value].self, from: Data(line))).map { Set($0.keys) }
  }

  private struct Value: Decodable {
    init(from decoder: any Decoder) throws {
      let value = try decoder.singleValueContainer()
      if (try? value.decode(String.self)) == nil { _ = try value.decode(Int.self) }
    }
  }
}
