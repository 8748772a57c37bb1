import Network

/// The event loop of all connections to members. One thread for the whole process, because a client lives too
/// short for its own.
enum MemberLoop {
  private static let made = Result { () throws(NetworkError) in try EventLoop() }

  /// - Throws: ``EtcdError`` if no thread can be created.
  static func get() throws(EtcdError) -> EventLoop {
    do throws(NetworkError) {
      return try made.get()
    } catch {
      throw EtcdError(code: .other, operation: "connect", endpoint: "-", message: "\(error)")
    }
  }
}
