internal import CYaml

/// A fault for which every parser of Kubernetes objects would refuse the text.
struct YAMLFault: Error {
  let offset: Int
  let message: String
  let hint: String
}

/// Parses all documents of a text with libyaml's events, which carry the place of every node.
struct YAMLParser {
  /// Deeper than any Kubernetes object (a CustomResourceDefinition of Calico has 26 levels).
  static let maximumDepth = 200

  static func documents(of source: SourceText) throws(YAMLFault) -> [YAMLDocument] {
    try source.bytes.withUnsafeBufferPointer { buffer -> Result<[YAMLDocument], YAMLFault> in
      var parser = yaml_parser_t()
      guard yaml_parser_initialize(&parser) == 1 else {
        return .failure(YAMLFault(offset: 0, message: "cannot be read: no memory", hint: "free some memory"))
      }
      defer { yaml_parser_delete(&parser) }
      yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)
      yaml_parser_set_input_string(&parser, buffer.baseAddress, buffer.count)
      var builder = YAMLTreeBuilder(offsets: CharacterOffsets(source.bytes))
      while !builder.isDone {
        var event = yaml_event_t()
        guard yaml_parser_parse(&parser, &event) == 1 else {
          return .failure(fault(of: parser, offsets: builder.offsets))
        }
        defer { yaml_event_delete(&event) }
        do throws(YAMLFault) { try builder.take(event) } catch { return .failure(error) }
      }
      return .success(builder.documents)
    }.get()
  }

  private static func fault(of parser: yaml_parser_t, offsets: CharacterOffsets) -> YAMLFault {
    let problem = parser.problem.map { String(cString: $0) } ?? "unknown problem"
    let offset =
      if parser.error == YAML_READER_ERROR {
        Int(parser.problem_offset)
      } else if problem == "could not find expected ':'" {
        // Reported one line after the line that lacks it.
        offsets.byte(ofCharacter: parser.context_mark.index)
      } else {
        offsets.byte(ofCharacter: parser.problem_mark.index)
      }
    return YAMLFault(
      offset: offset,
      message: "is not valid YAML: \(problem)",
      hint: "correct the YAML; if this is a template ({{ }} or {% %}), give its rendered output instead")
  }
}

/// Converts libyaml's offsets, which count characters (a CRLF as two), to bytes.
struct CharacterOffsets {
  /// The byte offset of each character; nil if all have one byte.
  private let starts: [Int]?
  private let count: Int

  init(_ bytes: [UInt8]) {
    count = bytes.count
    starts = bytes.allSatisfy { $0 < 0x80 } ? nil : bytes.indices.filter { bytes[$0] & 0xC0 != 0x80 }
  }

  var end: Int { count }

  func byte(ofCharacter index: Int) -> Int {
    guard let starts else { return min(index, count) }
    return index < starts.count ? starts[index] : count
  }
}
