/// The text of one file as bytes, with the offsets of its lines.
///
/// All offsets in this module count bytes from the start of the text, without a byte order mark.
struct SourceText: Sendable {
  let bytes: [UInt8]
  let hasByteOrderMark: Bool
  private let lineStarts: [Int]

  private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
  private static let lineFeed = UInt8(ascii: "\n")
  private static let carriageReturn = UInt8(ascii: "\r")

  init(_ text: String) {
    let all = Array(text.utf8)
    hasByteOrderMark = all.starts(with: Self.byteOrderMark)
    bytes = hasByteOrderMark ? Array(all.dropFirst(Self.byteOrderMark.count)) : all
    lineStarts = [0] + bytes.indices.filter { [bytes] in bytes[$0] == Self.lineFeed }.map { $0 + 1 }
  }

  /// Whether the last line ends in a newline.
  var endsWithNewline: Bool { bytes.last == Self.lineFeed }

  /// The line ending of the first line, used where no line is nearer.
  var lineEnding: String { lineEnding(at: 0) }

  /// The first line ending that is a carriage return alone, as on old Macs: YAML allows it, kubectl does not
  /// split lines at it.
  var firstBareCarriageReturn: Int? {
    bytes.indices.first { index in
      bytes[index] == Self.carriageReturn
        && (index + 1 >= bytes.count || bytes[index + 1] != Self.lineFeed)
    }
  }

  /// The number, from 1, of the line that contains the byte at an offset.
  func line(at offset: Int) -> Int {
    var low = 0
    var high = lineStarts.count
    while low < high {
      let middle = (low + high) / 2
      if lineStarts[middle] <= offset { low = middle + 1 } else { high = middle }
    }
    return max(low, 1)
  }

  func lineStart(at offset: Int) -> Int { lineStarts[line(at: offset) - 1] }

  /// The number of bytes between the start of the line and an offset in it.
  func column(at offset: Int) -> Int { offset - lineStart(at: offset) }

  /// The start of the next line; nil in the last line if it has no newline.
  func nextLineStart(after offset: Int) -> Int? {
    let next = line(at: offset)
    return next < lineStarts.count ? lineStarts[next] : nil
  }

  /// The line ending at an offset; in a last line without one, that of the first line.
  func lineEnding(at offset: Int) -> String {
    guard let next = nextLineStart(after: offset) else {
      return offset == 0 || lineStarts.count < 2 ? "\n" : lineEnding(at: 0)
    }
    return next >= 2 && bytes[next - 2] == Self.carriageReturn ? "\r\n" : "\n"
  }

  func string(_ range: Range<Int>) -> String {
    String(decoding: bytes[range.clamped(to: bytes.indices)], as: UTF8.self)
  }

  /// The text of a line, counted from 1.
  func string(line number: Int) -> String {
    guard lineStarts.indices.contains(number - 1) else { return "" }
    let end = number < lineStarts.count ? lineStarts[number] : bytes.count
    return string(lineStarts[number - 1]..<end)
  }

  /// The text on the line before an offset.
  func linePrefix(before offset: Int) -> String { string(lineStart(at: offset)..<offset) }

  /// An edit that inserts whole lines after the line in which a node ends.
  func insertion(of lines: [String], afterEnd end: Int) -> TextEdit {
    // A block scalar ends at the start of the next line, every other node within its last line.
    let endsItsLine = end > 0 && end <= bytes.count && bytes[end - 1] == Self.lineFeed
    let ending = lineEnding(at: endsItsLine ? end - 1 : end)
    let text = lines.joined(separator: ending)
    if let next = endsItsLine ? end : nextLineStart(after: end) {
      return TextEdit(range: next..<next, text: text + ending, changedLines: 0, addedLines: lines.count)
    }
    return TextEdit(
      range: bytes.count..<bytes.count, text: ending + text, changedLines: 0, addedLines: lines.count)
  }

  /// The whole lines of an item of a block list, with the comments after it that are indented further than
  /// its dash and so belong to it. If these are the last lines of a text without a final newline, the range
  /// starts at the line ending before them.
  func lines(of range: Range<Int>, deeperThan column: Int?) -> Range<Int> {
    var start = lineStart(at: range.lowerBound)
    let endsItsLine = range.upperBound > 0 && bytes[range.upperBound - 1] == Self.lineFeed
    var end = endsItsLine ? range.upperBound : nextLineStart(after: range.upperBound) ?? bytes.count
    while let column, end < bytes.count {
      let text = string(line: line(at: end))
      guard let match = text.prefixMatch(of: #/( *)#/#), match.1.count > column else { break }
      end = nextLineStart(after: end) ?? bytes.count
    }
    if column != nil, end == bytes.count, !endsWithNewline, start > 0 {
      start -= lineEnding(at: start - 1).utf8.count
    }
    return start..<max(start, end)
  }

  /// The text with the edits applied; edits at the same place keep their order.
  func applying(_ edits: [TextEdit]) -> String {
    let ordered = edits.enumerated().sorted {
      ($0.element.range.lowerBound, $0.element.range.upperBound, $0.offset)
        < ($1.element.range.lowerBound, $1.element.range.upperBound, $1.offset)
    }
    var result: [UInt8] = hasByteOrderMark ? Self.byteOrderMark : []
    var done = 0
    for (_, edit) in ordered {
      let start = max(done, min(edit.range.lowerBound, bytes.count))
      result += bytes[done..<start]
      result += edit.text.utf8
      done = max(start, min(edit.range.upperBound, bytes.count))
    }
    result += bytes[done...]
    return String(decoding: result, as: UTF8.self)
  }
}

/// A text that replaces a range of bytes.
struct TextEdit: Sendable, Equatable {
  let range: Range<Int>
  let text: String
  /// The number of lines of the original that change.
  let changedLines: Int
  /// The number of new lines.
  let addedLines: Int
}
