import Network

/// The event loop of clients and servers that are given none of their own.
enum SharedLoop {
  private static let made: Result<EventLoop, NetworkError> = Result { () throws(NetworkError) in
    try EventLoop()
  }

  /// - Throws: ``NetworkError`` where threads or descriptors are used up.
  static func orThis(_ loop: EventLoop?) throws(NetworkError) -> EventLoop {
    if let loop { return loop }
    return try made.get()
  }
}
