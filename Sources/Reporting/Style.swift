/// How text is set off on a terminal; plain everywhere else.
public struct Style: Sendable {
  public let isColoured: Bool

  public static let plain = Style(isColoured: false)

  public init(isColoured: Bool) { self.isColoured = isColoured }

  public func good(_ text: String) -> String { code("32", text) }
  public func bad(_ text: String) -> String { code("1;31", text) }
  public func caution(_ text: String) -> String { code("33", text) }
  public func faint(_ text: String) -> String { code("2", text) }
  public func strong(_ text: String) -> String { code("1", text) }

  private func code(_ code: String, _ text: String) -> String {
    isColoured && !text.isEmpty ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text
  }
}
