import Cryptography
import Text

/// The chain of the audit log: each line ends with `"chain"`, the SHA-256 of the chain value of the line before, a
/// line feed, and the line without its own chain value. A line that is changed, removed or inserted breaks the chain
/// from there on.
///
/// The chain has no key: a writer of the whole file can make another chain. It proves more if its newest value is
/// kept elsewhere too: the server logs it whenever it opens the file.
struct AuditChain {
  /// The value before the first line of all.
  static let beginning = String(repeating: "0", count: 64)

  private static let key = Array(",\"chain\":\"".utf8)
  private static let end = Array("\"}".utf8)

  /// The value of the newest line: 64 hexadecimal digits.
  private(set) var value: String

  init(_ value: String = beginning) { self.value = value }

  /// Adds the chain value to a line of JSON: an object with one member or more.
  mutating func linked(_ json: [UInt8]) -> [UInt8] {
    value = Self.next(value, json)
    return json.dropLast() + Self.key + Array(value.utf8) + Self.end
  }

  private static func next(_ value: String, _ json: some Sequence<UInt8>) -> String {
    SHA256.hash(Array(value.utf8) + [UInt8(ascii: "\n")] + json).hexadecimal
  }

  /// The line without its chain value, and that value; nil if it has none.
  static func split(_ line: some Collection<UInt8>) -> (json: [UInt8], value: String)? {
    let line = Array(line)
    let tail = key.count + beginning.utf8.count + end.count
    guard line.count > tail else { return nil }
    let start = line.count - tail
    let digits = line[(start + key.count)..<(line.count - end.count)]
    guard line[start...].starts(with: key), line.suffix(end.count).elementsEqual(end),
      digits.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
    else { return nil }
    return (line[..<start] + [UInt8(ascii: "}")], String(decoding: digits, as: UTF8.self))
  }

  /// Whether the value of a line follows from the current one; then it is the current one.
  mutating func accepts(_ json: [UInt8], _ value: String) -> Bool {
    guard Self.next(self.value, json) == value else { return false }
    self.value = value
    return true
  }
}
