/// The files of a host by their paths, as far as they can be read.
package struct HostFiles: Sendable {
  package enum Content: Hashable, Sendable {
    case text(String)
    case missing
    /// It exists and cannot be read: the reason.
    case unreadable(String)
  }

  private let content: @Sendable (String) -> Content

  package init(_ content: @escaping @Sendable (String) -> Content) { self.content = content }

  /// Files that are only a value, for tests.
  package init(_ texts: [String: String]) { self.init { texts[$0].map(Content.text) ?? .missing } }

  package subscript(path: String) -> Content { content(path) }
}
