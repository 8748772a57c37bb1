/// An object of OpenSSL's that is freed at the end of its scope.
struct Owned: ~Copyable {
  typealias Free = @convention(c) (OpaquePointer?) -> Void

  let pointer: OpaquePointer
  private let free: Free

  /// - Parameters:
  ///   - pointer: the object, or nil if its creation failed.
  ///   - free: the function that frees it.
  ///   - operation: for the error if the pointer is nil.
  init(
    _ pointer: OpaquePointer?, _ free: Free, _ operation: @autoclosure () -> String
  ) throws(CryptographyError) {
    self.pointer = try check(pointer, operation())
    self.free = free
  }

  deinit { free(pointer) }

  /// Transfers ownership to the caller.
  consuming func take() -> OpaquePointer {
    let pointer = pointer
    discard self
    return pointer
  }
}
