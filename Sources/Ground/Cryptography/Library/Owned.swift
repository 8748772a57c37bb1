/// What OpenSSL gave, freed at the end of its scope.
struct Owned: ~Copyable {
  typealias Free = @convention(c) (OpaquePointer?) -> Void

  let pointer: OpaquePointer
  private let free: Free

  /// - Parameters:
  ///   - pointer: what the function that makes it returned.
  ///   - free: the function that frees it.
  ///   - operation: what it is for, for the error where there is none.
  init(
    _ pointer: OpaquePointer?, _ free: Free, _ operation: @autoclosure () -> String
  ) throws(CryptographyError) {
    self.pointer = try check(pointer, operation())
    self.free = free
  }

  deinit { free(pointer) }

  /// Gives it to an owner who frees it from now on.
  consuming func take() -> OpaquePointer {
    let pointer = pointer
    discard self
    return pointer
  }
}
