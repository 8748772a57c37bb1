/// A value that only a loop's thread uses, in a form that other threads can hold and return to the loop.
///
/// Sendable because ``take()`` is the only access to the value and checks the thread. The last reference may be
/// released on another thread, so a value's `deinit` must allow that; those of this room do.
package struct Confined<Value>: @unchecked Sendable {
  private let value: Value
  private let loop: EventLoop

  package init(_ value: Value, to loop: EventLoop) {
    self.value = value
    self.loop = loop
  }

  /// The value. Only call this on the loop's thread.
  package func take() -> Value {
    loop.requireCurrent()
    return value
  }
}
