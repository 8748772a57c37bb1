import Network

/// The event loop of all connections to members: one thread, for the life of the program, which a client is too short
/// to be worth of.
enum MemberLoop {
  private static let made = Result { () throws(NetworkError) in try EventLoop() }

  /// - Throws: ``EtcdError`` where there can be no further thread.
  static func get() throws(EtcdError) -> EventLoop {
    do throws(NetworkError) {
      return try made.get()
    } catch {
      throw EtcdError(code: .other, operation: "connect", endpoint: "-", message: "\(error)")
    }
  }
}
