/// Something that runs for as long as the program does.
package protocol Service: Sendable {
  /// Runs until the group that it belongs to stops: ends when ``gracefulShutdown()`` returns, or when the task is
  /// cancelled. Returning earlier stops the whole group with ``ServiceFinishedEarly``.
  func run() async throws
}

/// A service returned although nothing had asked it to.
package struct ServiceFinishedEarly: Error, Equatable, CustomStringConvertible {
  /// The service's type.
  package let service: String

  package var description: String { "\(service) ended although nothing had asked it to" }
}
