/// A value of a document, with aliases replaced by what they stand for.
///
/// Equal are nodes of equal content and type, wherever they stand and however they are written.
package enum Node: Sendable {
  case scalar(Scalar)
  case sequence(Sequence)
  case mapping(Mapping)

  package struct Scalar: Sendable {
    /// Quotes, escapes and folding undone.
    package let string: String
    package let style: ScalarStyle
    package let mark: Mark
    let writtenTag: String?
    let isTypedByText: Bool

    /// In full, such as `tag:yaml.org,2002:int`: as written, or what YAML 1.1 takes the text for. With `!` it is a
    /// text.
    package var tag: String {
      if let writtenTag, writtenTag != "!" { return writtenTag }
      let isPlain = isTypedByText && writtenTag == nil
      return CoreTag.prefix + (isPlain ? CoreTag(of: string) : .str).rawValue
    }
  }

  package struct Sequence: Sendable {
    package let items: [Node]
    package let mark: Mark
    let writtenTag: String?
  }

  package struct Mapping: Sendable {
    /// In the order of the text. A duplicate key is included twice; see ``Document/repeatedKeys``.
    package let pairs: [(key: Node, value: Node)]
    package let mark: Mark
    let writtenTag: String?

    /// The value of a key that is a text; of several the last.
    package subscript(_ key: String) -> Node? { pairs.last { $0.key.string == key }?.value }
  }

  /// Where it begins, anchor and tag included. For an alias, where what it stands for begins.
  package var mark: Mark {
    switch self {
    case .scalar(let scalar): scalar.mark
    case .sequence(let sequence): sequence.mark
    case .mapping(let mapping): mapping.mark
    }
  }

  package var scalar: Scalar? {
    if case .scalar(let scalar) = self { scalar } else { nil }
  }

  /// The text of a scalar, whatever its type.
  package var string: String? { scalar?.string }

  package var sequence: [Node]? {
    if case .sequence(let sequence) = self { sequence.items } else { nil }
  }

  package var mapping: Mapping? {
    if case .mapping(let mapping) = self { mapping } else { nil }
  }

  /// The value of a mapping's key.
  package subscript(_ key: String) -> Node? { mapping?[key] }
}

extension Node: Hashable {
  package static func == (left: Node, right: Node) -> Bool {
    switch (left, right) {
    case (.scalar(let left), .scalar(let right)):
      left.string == right.string && left.tag == right.tag
    case (.sequence(let left), .sequence(let right)):
      left.writtenTag == right.writtenTag && left.items == right.items
    case (.mapping(let left), .mapping(let right)):
      left.writtenTag == right.writtenTag && left.pairs.elementsEqual(right.pairs, by: ==)
    default: false
    }
  }

  package func hash(into hasher: inout Hasher) {
    switch self {
    case .scalar(let scalar): hasher.combine(scalar.string)
    case .sequence(let sequence): hasher.combine(sequence.items)
    case .mapping(let mapping):
      for (key, value) in mapping.pairs {
        hasher.combine(key)
        hasher.combine(value)
      }
    }
  }
}
