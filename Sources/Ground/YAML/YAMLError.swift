/// Why a text cannot be read.
package struct YAMLError: Error, Hashable, Sendable {
  /// The part of the reader that gave up.
  package enum Kind: Sendable {
    /// The bytes are not text that YAML allows: invalid UTF-8 or a control character.
    case reader
    /// The text has no tokens.
    case scanner
    /// The tokens make no document.
    case parser
    /// The document refers to what it does not have.
    case composer
    /// The text exceeds a bound of ``YAMLLimits``.
    case limit
    case memory
  }

  package let kind: Kind
  /// libyaml's words, or for ``Kind/composer`` and ``Kind/limit`` this room's.
  package let problem: String
  package let mark: Mark
  /// Where what could not be finished was begun.
  package let context: Mark?
  /// For ``Kind/reader`` the offset of the byte, from 0. The mark is at the beginning then, and does not help.
  package let byteOffset: Int?

  init(_ kind: Kind, _ problem: String, at mark: Mark, context: Mark? = nil, byteOffset: Int? = nil) {
    self.kind = kind
    self.problem = problem
    self.mark = mark
    self.context = context
    self.byteOffset = byteOffset
  }
}

/// Limits that keep a hostile text from exhausting the reader's memory, stack or time.
package struct YAMLLimits: Sendable {
  /// Of the text.
  package var bytes = 64 << 20
  /// Levels of nesting, those behind aliases included.
  package var depth = 1_000
  /// How many nodes all aliases of a document stand for together, and how many its keys may hold that are lists or
  /// mappings.
  package var aliasedNodes = 100_000
  /// Lines `%TAG`, which libyaml compares with each other.
  package var tagDirectives = 100

  package init() {}
}
