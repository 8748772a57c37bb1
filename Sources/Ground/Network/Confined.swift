/// A value that only a loop's thread uses, so that it may be carried over other threads: the way back of what was made
/// on the loop.
///
/// It is sound to send because ``take()`` is the only way to the value and checks the thread. The last reference may be
/// let go on another thread, so a value's `deinit` must do with that; those of this room do.
package struct Confined<Value>: @unchecked Sendable {
  private let value: Value
  private let loop: EventLoop

  package init(_ value: Value, to loop: EventLoop) {
    self.value = value
    self.loop = loop
  }

  /// The value. Called on the loop's thread only.
  package func take() -> Value {
    loop.requireCurrent()
    return value
  }
}
