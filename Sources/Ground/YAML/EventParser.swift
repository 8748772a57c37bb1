internal import CLibyaml

/// Reads a text event by event. It owns libyaml's parser and the bytes that this one looks at.
package final class EventParser {
  // libyaml's parser contains pointers to itself, so it must not move in memory.
  private let parser: UnsafeMutablePointer<yaml_parser_t>
  private let input: UnsafeMutableBufferPointer<UInt8>
  /// After the end of the stream, and after an error, libyaml has nothing to say.
  private var isDone = false
  private var depth = 0
  private let limits: YAMLLimits

  /// - Parameter bytes: UTF-8, whatever byte order mark it has; one is read as a character of the first line.
  /// - Throws: ``YAMLError`` where the text is too long, or memory is short.
  package init(_ bytes: some Collection<UInt8>, limits: YAMLLimits = YAMLLimits()) throws(YAMLError) {
    guard bytes.count <= limits.bytes else {
      throw YAMLError(.limit, "it has more than \(limits.bytes) bytes", at: .start)
    }
    parser = .allocate(capacity: 1)
    parser.initialize(to: yaml_parser_t())
    guard yaml_parser_initialize(parser) == 1 else {
      parser.deallocate()
      throw YAMLError(.memory, "no memory", at: .start)
    }
    input = .allocate(capacity: bytes.count)
    _ = input.initialize(from: bytes)
    self.limits = limits
    // All properties have values from here on, so that `deinit` runs if this throws.
    try refuseManyDirectives()
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    yaml_parser_set_input_string(parser, input.baseAddress, input.count)
  }

  deinit {
    yaml_parser_delete(parser)
    parser.deallocate()
    input.deallocate()
  }

  /// A directive is at the beginning of a line, whatever ends lines in YAML 1.1: at the beginning of the text, or after
  /// a byte that is a control character or a part of one beyond ASCII. This finds each of them, and perhaps text that
  /// looks like one.
  private func refuseManyDirectives() throws(YAMLError) {
    var (count, line) = (0, 1)
    for (index, byte) in input.enumerated() {
      if byte == UInt8(ascii: "\n") { line += 1 }
      guard byte == UInt8(ascii: "%") else { continue }
      if index > 0, (0x20..<0x7f).contains(input[index - 1]) { continue }
      guard input[index...].dropFirst().starts(with: "TAG".utf8) else { continue }
      count += 1
      guard count <= limits.tagDirectives else {
        throw YAMLError(
          .limit, "it has more than \(limits.tagDirectives) directives %TAG",
          at: Mark(index: index, line: line, column: 1))
      }
    }
  }

  /// The next event; nil after the end of the stream, and after an error.
  package func next() throws(YAMLError) -> Event? {
    guard !isDone else { return nil }
    var event = yaml_event_t()
    // Also after a failure; it frees nothing then.
    defer { yaml_event_delete(&event) }
    guard yaml_parser_parse(parser, &event) == 1 else {
      isDone = true
      throw YAMLError(parser.pointee)
    }
    guard let event = Event(event) else {
      isDone = true
      return nil
    }
    switch event.content {
    case .streamEnd: isDone = true
    case .sequenceStart, .mappingStart:
      depth += 1
      guard depth <= limits.depth else {
        isDone = true
        throw .tooDeep(limits, at: event.start)
      }
    case .sequenceEnd, .mappingEnd: depth -= 1
    default: break
    }
    return event
  }
}

extension Mark {
  fileprivate static var start: Mark { Mark(index: 0, line: 1, column: 1) }
}

extension YAMLError {
  fileprivate init(_ parser: yaml_parser_t) {
    let kind: Kind =
      switch parser.error {
      case YAML_MEMORY_ERROR: .memory
      case YAML_READER_ERROR: .reader
      case YAML_SCANNER_ERROR: .scanner
      default: .parser
      }
    // Short of memory libyaml says nothing.
    let problem = parser.problem.map { String(cString: $0) } ?? (kind == .memory ? "no memory" : "no reason")
    self.init(
      kind, problem, at: Mark(parser.problem_mark),
      context: parser.context == nil ? nil : Mark(parser.context_mark),
      byteOffset: kind == .reader ? Int(parser.problem_offset) : nil)
  }

  static func tooDeep(_ limits: YAMLLimits, at mark: Mark) -> Self {
    Self(.limit, "it is nested more than \(limits.depth) levels deep", at: mark)
  }
}
