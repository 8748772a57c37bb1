/// A document of a text.
package struct Document: Sendable {
  package let root: Node
  /// The keys that stand more than once in their mapping: mapping by mapping in the order in which these end, and in
  /// each by name.
  package let repeatedKeys: [RepeatedKey]
}

/// A key that stands more than once in one mapping.
package struct RepeatedKey: Sendable {
  /// Its text; `<uncovertable>` for one that is a list or a mapping.
  package let name: String
  /// Where it stands, from the first to the last.
  package let marks: [Mark]
  /// Where its mapping begins.
  package let mapping: Mark
}
