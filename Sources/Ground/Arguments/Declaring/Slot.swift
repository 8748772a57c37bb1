import Synchronization

/// Where the parser puts a value, and all copies of a parsed command read it.
final class Slot<Value: Sendable>: Sendable {
  private let content: Mutex<Value?>

  init(_ value: Value?) { content = Mutex(value) }

  /// Nil before the parser has stored a value, if there is no default.
  var value: Value? { content.withLock { $0 } }

  func set(_ value: Value) { content.withLock { $0 = value } }

  /// Where there are values already.
  func append<Element>(_ element: Element) where Value == [Element] {
    content.withLock { $0?.append(element) }
  }
}
