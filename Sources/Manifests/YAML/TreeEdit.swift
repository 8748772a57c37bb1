import YAML

/// An edit of a document, both of its text and of its value. The text is edited with ``textEdit(in:)``; the
/// self-check compares the result with ``ExpectedDocument``.
enum TreeEdit: Sendable {
  /// Another text in a scalar, with the quotes of the old one.
  case set(YAMLNode, to: String)
  /// Another text in parts of a scalar, with the other parts as they are written. The parts are ranges of the file,
  /// in order; the last value is the whole new text of the scalar.
  case setParts(YAMLNode, [(range: Range<Int>, text: String)], to: String)
  /// A copy of a list's item directly after it, with another text in some scalars.
  case duplicate(YAMLNode, of: YAMLNode, changing: [(YAMLNode, String)])
  /// A new item after the last item of a list.
  case append(YAMLValue, to: YAMLNode, YAMLStyle)
  /// A new item before the first item of a list, directly after the key of the list.
  case prepend(YAMLValue, to: YAMLEntry, YAMLStyle)
  /// Other items instead of one item of a list; none to remove it.
  case replace(YAMLNode, of: YAMLNode, by: [YAMLValue], YAMLStyle)
  /// A new key after an entry of a block mapping.
  case insert(YAMLValue.Pair, after: YAMLEntry, of: YAMLNode, YAMLStyle)
  /// A list for a key of a mapping that has no value yet, or an empty list.
  case fill(YAMLEntry, items: [YAMLValue], of: YAMLNode, YAMLStyle)
  /// A mapping without one of its several keys.
  case remove(YAMLEntry, of: YAMLNode)
  /// Another key, and its value on one line, in the place of an entry of a mapping.
  case exchange(YAMLEntry, by: YAMLValue.Pair, of: YAMLNode, YAMLStyle)

  /// A node that the edit changes, to report its line and to check whether an anchor shares it.
  var target: YAMLNode {
    switch self {
    case .set(let scalar, _), .setParts(let scalar, _, _): scalar
    case .duplicate(let item, _, _), .replace(let item, _, _, _): item
    case .append(_, let list, _): list
    case .prepend(_, let entry, _): entry.key
    case .insert(_, let entry, _, _): entry.key
    case .fill(let entry, _, _, _), .remove(let entry, _), .exchange(let entry, _, _, _): entry.key
    }
  }

  /// The edit of the text.
  /// - Throws: ``LayoutFault`` if the text around the edit is written in an unsupported way.
  func textEdit(in source: SourceText) throws(LayoutFault) -> TextEdit {
    switch self {
    case .set(let scalar, let text):
      return inLine(scalar.range, try Self.replacement(of: scalar, by: text), source)
    case .setParts(let scalar, let parts, _):
      return try Self.replacement(of: parts, in: scalar, source)
    case .duplicate(let item, let list, let changes):
      let copy = try Self.copy(of: item, changing: changes, source)
      if list.isFlow { return inLine(item.range.upperBound..<item.range.upperBound, ", " + copy, source) }
      let prefix = try Self.dash(before: item, source)
      return source.insertion(
        of: (prefix.text + copy).lines, afterEnd: item.range.upperBound)
    case .append(let value, let list, var style):
      guard case .sequence(let items, let flow) = list.content, let last = items.last else {
        throw LayoutFault(
          offset: list.range.lowerBound, message: "is a list to which no item can be added")
      }
      if flow {
        return inLine(last.range.upperBound..<last.range.upperBound, ", " + style.inline(value), source)
      }
      let prefix = try Self.dash(before: last, source)
      style.gap = prefix.gap
      return source.insertion(
        of: style.item(value, dashColumn: prefix.column), afterEnd: last.range.upperBound)
    case .prepend(let value, let entry, var style):
      guard case .sequence(let items, let flow) = entry.value.content, let first = items.first else {
        throw LayoutFault(
          offset: entry.key.range.lowerBound, message: "is a list to which no item can be added")
      }
      if flow {
        return inLine(first.range.lowerBound..<first.range.lowerBound, style.inline(value) + ", ", source)
      }
      let prefix = try Self.dash(before: first, source)
      style.gap = prefix.gap
      return source.insertion(
        of: style.item(value, dashColumn: prefix.column), afterEnd: entry.key.range.upperBound)
    case .replace(let item, let list, let values, let style):
      return try Self.replacement(of: item, in: list, by: values, style, source)
    case .insert(let pair, let entry, let mapping, let style):
      if mapping.isFlow {
        let text = String(style.inline(.mapping([pair])).dropFirst().dropLast())
        return inLine(entry.value.range.upperBound..<entry.value.range.upperBound, ", " + text, source)
      }
      let column = source.column(at: entry.key.range.lowerBound)
      return source.insertion(
        of: style.block(.mapping([pair]), indent: column), afterEnd: entry.value.range.upperBound)
    case .fill(let entry, let items, let mapping, let style):
      if mapping.isFlow || !entry.value.range.isEmpty {
        let space = entry.value.range.isEmpty ? " " : ""
        return inLine(entry.value.range, space + style.inline(.sequence(items)), source)
      }
      let column = source.column(at: entry.key.range.lowerBound) + style.sequenceOffset
      return source.insertion(
        of: items.flatMap { style.item($0, dashColumn: column) }, afterEnd: entry.key.range.upperBound)
    case .remove(let entry, let mapping):
      return try Self.removal(of: entry, from: mapping, source)
    case .exchange(let entry, let pair, _, let style):
      let text = String(style.inline(.mapping([pair])).dropFirst().dropLast())
      let start = entry.key.range.lowerBound
      let end = max(entry.key.range.upperBound, entry.value.range.upperBound)
      // A block scalar ends with the end of its last line, which stays.
      let isBlock = end > start && source.bytes[end - 1] == UInt8(ascii: "\n")
      let ending = isBlock ? source.lineEnding(at: end - 1).utf8.count : 0
      return inLine(start..<end - ending, text, source)
    }
  }

  /// All parts of a scalar as one edit.
  private static func replacement(
    of parts: [(range: Range<Int>, text: String)], in scalar: YAMLNode, _ source: SourceText
  ) throws(LayoutFault) -> TextEdit {
    guard let first = parts.first, let last = parts.last else {
      throw LayoutFault(offset: scalar.range.lowerBound, message: "has no part to change")
    }
    var text = ""
    var done = first.range.lowerBound
    for part in parts {
      guard part.range.lowerBound >= done else {
        throw LayoutFault(offset: scalar.range.lowerBound, message: "is not written out in one place")
      }
      text += source.string(done..<part.range.lowerBound) + part.text
      done = part.range.upperBound
    }
    let lines = Set(parts.map { source.line(at: $0.range.lowerBound) })
    return TextEdit(
      range: first.range.lowerBound..<last.range.upperBound, text: text, changedLines: lines.count,
      addedLines: 0)
  }

  private static func removal(
    of entry: YAMLEntry, from mapping: YAMLNode, _ source: SourceText
  ) throws(LayoutFault) -> TextEdit {
    let start = entry.key.range.lowerBound
    let entries = mapping.entries ?? []
    guard entries.count > 1, let index = entries.firstIndex(where: { $0.key.range.lowerBound == start })
    else {
      throw LayoutFault(offset: start, message: "is the only key of a mapping")
    }
    let end = max(entry.key.range.upperBound, entry.value.range.upperBound)
    if mapping.isFlow {
      let range =
        index > 0
        ? max(entries[index - 1].key.range.upperBound, entries[index - 1].value.range.upperBound)..<end
        : start..<entries[index + 1].key.range.lowerBound
      return TextEdit(range: range, text: "", changedLines: 1, addedLines: 0)
    }
    let prefix = source.linePrefix(before: start)
    guard prefix.utf8.allSatisfy({ $0 == UInt8(ascii: " ") }) else {
      throw LayoutFault(offset: start, message: "is a key that does not start its line")
    }
    // A list may be indented like its key, so its dashes are not deeper.
    let lines = source.lines(of: start..<end, deeperThan: prefix.utf8.count)
    return TextEdit(
      range: lines, text: "", changedLines: source.line(at: end) - source.line(at: start) + 1, addedLines: 0)
  }

  private func inLine(_ range: Range<Int>, _ text: String, _ source: SourceText) -> TextEdit {
    let lines = source.line(at: range.upperBound) - source.line(at: range.lowerBound) + 1
    return TextEdit(range: range, text: text, changedLines: lines, addedLines: text.lines.count - 1)
  }

  private static func replacement(of scalar: YAMLNode, by text: String) throws(LayoutFault) -> String {
    guard case .scalar(_, let style) = scalar.content, scalar.anchor == nil, scalar.tag == nil else {
      throw LayoutFault(offset: scalar.range.lowerBound, message: "has an anchor or a tag")
    }
    switch style {
    case .plain where scalar.range.isEmpty: return " " + YAMLStyle.quoted(text, with: "\"")
    case .plain: return YAMLStyle.quoted(text, with: nil)
    case .singleQuoted: return YAMLStyle.quoted(text, with: "'")
    case .doubleQuoted: return YAMLStyle.quoted(text, with: "\"")
    case .literal, .folded:
      throw LayoutFault(
        offset: scalar.range.lowerBound, message: "is a block scalar where a plain scalar is expected")
    }
  }

  private static func replacement(
    of item: YAMLNode, in list: YAMLNode, by values: [YAMLValue], _ style: YAMLStyle, _ source: SourceText
  ) throws(LayoutFault) -> TextEdit {
    guard case .sequence(let items, let flow) = list.content,
      let index = items.firstIndex(where: { $0.range == item.range })
    else { throw LayoutFault(offset: item.range.lowerBound, message: "is an item that is not in its list") }
    let old = source.line(at: item.range.upperBound) - source.line(at: item.range.lowerBound) + 1
    if flow {
      var range = item.range
      if values.isEmpty, index > 0 {
        range = items[index - 1].range.upperBound..<range.upperBound
      } else if values.isEmpty, index + 1 < items.count {
        range = range.lowerBound..<items[index + 1].range.lowerBound
      }
      let text = values.map { style.inline($0) }.joined(separator: ", ")
      return TextEdit(range: range, text: text, changedLines: old, addedLines: 0)
    }
    let prefix = try dash(before: item, source)
    var style = style
    style.gap = prefix.gap
    let lines = values.flatMap { style.item($0, dashColumn: prefix.column) }
    let range = source.lines(of: item.range, deeperThan: values.isEmpty ? prefix.column : nil)
    let ending = source.lineEnding(at: item.range.lowerBound)
    let text = lines.joined(separator: ending)
    let isUnended = range.upperBound == source.bytes.count && !source.endsWithNewline
    return TextEdit(
      range: range, text: lines.isEmpty || isUnended ? text : text + ending,
      changedLines: min(old, lines.count), addedLines: max(0, lines.count - old))
  }

  private static func copy(of item: YAMLNode, changing changes: [(YAMLNode, String)], _ source: SourceText)
    throws(LayoutFault) -> String
  {
    var anchored: YAMLNode?
    item.walk { node in if node.anchor != nil { anchored = node } }
    if let anchored {
      throw LayoutFault(
        offset: anchored.range.lowerBound, message: "has an anchor, which a copy would define again")
    }
    var text = ""
    var done = item.range.lowerBound
    for (scalar, new) in changes.sorted(by: { $0.0.range.lowerBound < $1.0.range.lowerBound }) {
      guard scalar.range.lowerBound >= done, scalar.range.upperBound <= item.range.upperBound else {
        throw LayoutFault(offset: item.range.lowerBound, message: "is not written out in one place")
      }
      text += source.string(done..<scalar.range.lowerBound)
      text += try replacement(of: scalar, by: new)
      done = scalar.range.upperBound
    }
    return text + source.string(done..<item.range.upperBound)
  }

  /// The text before an item of a block list on its line, with the column of the dash and the spaces after
  /// it.
  private static func dash(before item: YAMLNode, _ source: SourceText) throws(LayoutFault)
    -> (text: String, column: Int, gap: Int)
  {
    let text = source.linePrefix(before: item.range.lowerBound)
    guard let match = text.wholeMatch(of: #/( *)-( +)/#) else {
      throw LayoutFault(
        offset: item.range.lowerBound, message: "is a list item that does not start with its dash")
    }
    return (text, match.1.count, match.2.count)
  }
}

/// A layout of the text that an edit does not support.
struct LayoutFault: Error {
  let offset: Int
  let message: String
}

extension String {
  /// The text's lines without their endings.
  var lines: [String] {
    utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { line in
      String(decoding: line.last == UInt8(ascii: "\r") ? line.dropLast() : line, as: UTF8.self)
    }
  }
}
