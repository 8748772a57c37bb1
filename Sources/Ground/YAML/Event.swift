internal import CLibyaml

/// What the parser has read, with its place.
package struct Event: Hashable, Sendable {
  package enum Content: Hashable, Sendable {
    case streamStart, streamEnd
    /// - Parameters:
    ///   - isExplicit: whether a line `---` begins it.
    ///   - hasDirectives: whether lines that start with `%` stand before it.
    case documentStart(isExplicit: Bool, hasDirectives: Bool)
    case documentEnd
    case scalar(Scalar)
    case sequenceStart(Collection)
    case mappingStart(Collection)
    case sequenceEnd, mappingEnd
    /// The name of an anchor.
    case alias(String)
  }

  package struct Scalar: Hashable, Sendable {
    /// Quotes, escapes and folding undone.
    package let text: String
    package let style: ScalarStyle
    package let anchor: String?
    /// In full, such as `tag:yaml.org,2002:str`; nil where none is written.
    package let tag: String?
    /// Whether the type follows from the text: the scalar is plain without a tag, or has the tag `!`.
    package let isTypedByText: Bool
  }

  package struct Collection: Hashable, Sendable {
    /// Whether it is written in brackets.
    package let isFlow: Bool
    package let anchor: String?
    package let tag: String?
  }

  package let content: Content
  /// A node's anchor and tag are part of it.
  package let start: Mark
  /// For the end of a block collection, the start of the next token.
  package let end: Mark
}

package enum ScalarStyle: Hashable, Sendable { case plain, singleQuoted, doubleQuoted, literal, folded }

extension Event {
  /// Copies everything out of libyaml's memory. nil for an event that libyaml does not give.
  init?(_ event: yaml_event_t) {
    start = Mark(event.start_mark)
    end = Mark(event.end_mark)
    switch event.type {
    case YAML_STREAM_START_EVENT: content = .streamStart
    case YAML_STREAM_END_EVENT: content = .streamEnd
    case YAML_DOCUMENT_START_EVENT:
      let data = event.data.document_start
      content = .documentStart(
        isExplicit: data.implicit == 0,
        hasDirectives: data.version_directive != nil || data.tag_directives.start != data.tag_directives.end)
    case YAML_DOCUMENT_END_EVENT: content = .documentEnd
    case YAML_ALIAS_EVENT: content = .alias(string(event.data.alias.anchor) ?? "")
    case YAML_SCALAR_EVENT: content = .scalar(Scalar(event.data.scalar))
    case YAML_SEQUENCE_START_EVENT:
      let data = event.data.sequence_start
      content = .sequenceStart(
        Collection(
          isFlow: data.style == YAML_FLOW_SEQUENCE_STYLE, anchor: string(data.anchor), tag: string(data.tag)))
    case YAML_SEQUENCE_END_EVENT: content = .sequenceEnd
    case YAML_MAPPING_START_EVENT:
      let data = event.data.mapping_start
      content = .mappingStart(
        Collection(
          isFlow: data.style == YAML_FLOW_MAPPING_STYLE, anchor: string(data.anchor), tag: string(data.tag)))
    case YAML_MAPPING_END_EVENT: content = .mappingEnd
    default: return nil
    }
  }
}

extension Event.Scalar {
  fileprivate init(_ data: yaml_event_s.__Unnamed_union_data.__Unnamed_struct_scalar) {
    // It may hold NUL, so its length counts.
    text = String(decoding: UnsafeBufferPointer(start: data.value, count: data.length), as: UTF8.self)
    style =
      switch data.style {
      case YAML_SINGLE_QUOTED_SCALAR_STYLE: .singleQuoted
      case YAML_DOUBLE_QUOTED_SCALAR_STYLE: .doubleQuoted
      case YAML_LITERAL_SCALAR_STYLE: .literal
      case YAML_FOLDED_SCALAR_STYLE: .folded
      default: .plain
      }
    anchor = string(data.anchor)
    tag = string(data.tag)
    isTypedByText = data.plain_implicit != 0
  }
}

extension Mark {
  init(_ mark: yaml_mark_t) {
    self.init(index: Int(mark.index), line: Int(mark.line) + 1, column: Int(mark.column) + 1)
  }
}

private func string(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
  pointer.map { String(decodingCString: UnsafePointer($0), as: UTF8.self) }
}
