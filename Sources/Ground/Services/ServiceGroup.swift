/// Runs services side by side, and stops them in the reverse of their order.
///
/// - One that fails stops the others by cancellation, and its error is thrown; so does one that returns early, with
///   ``ServiceFinishedEarly``.
/// - At the first of the signals each service is told to shut down, from the last to the first, each once the one after
///   it has ended. Those that have not ended when `patience` is over are cancelled. A service that fails meanwhile stops
///   the rest as above.
/// - A second signal ends the process at once, as if it had no services: see ``EndSignals``.
/// - The cancellation of the task that runs the group cancels all services.
package struct ServiceGroup: Sendable {
  private let services: [any Service]
  private let signals: [Signal]
  private let patience: Duration?

  /// - Parameters:
  ///   - services: The later ones may use the earlier ones: these are stopped last.
  ///   - signals: What asks the group to stop; none where something else, such as cancellation, does.
  ///   - patience: The timeout for all services to shut down; nil for none.
  package init(
    _ services: [any Service], gracefulShutdownSignals signals: [Signal] = [],
    maximumGracefulShutdownDuration patience: Duration? = nil
  ) {
    self.services = services
    self.signals = signals
    self.patience = patience
  }

  private enum Event: Sendable {
    case finished(Int, (any Error)?)
    case signal
    case patienceEnds
  }

  /// Returns once every service has ended because a signal or cancellation asked for it.
  /// - Throws: the first service's error that was not caused by cancelling it, or ``ServiceFinishedEarly``.
  package func run() async throws {
    let end = await EndSignals(signals)
    defer { withExtendedLifetime(end) {} }
    let shutdowns = services.map { _ in Shutdown() }
    try await withThrowingTaskGroup(of: Event.self) { group in
      for (index, service) in services.enumerated() {
        group.addTask { await Self.run(service, index, shutdowns[index]) }
      }
      group.addTask {
        await end.first()
        return .signal
      }

      /// The service that is to end now; nil while all are to run.
      var ending: Int?
      var running = services.count
      var failure: (any Error)?
      func stop(because error: (any Error)?) {
        if !group.isCancelled { failure = error }
        group.cancelAll()
      }
      while running > 0, let event = try await group.next() {
        switch event {
        case .signal:
          if group.isCancelled { continue }
          ending = services.count - 1
          shutdowns[services.count - 1].begin()
          guard let patience else { continue }
          group.addTask {
            try? await Task.sleep(for: patience)
            return .patienceEnds
          }
        case .patienceEnds: stop(because: nil)
        case .finished(let index, let error):
          running -= 1
          if group.isCancelled { continue }
          if let error {
            stop(because: error)
          } else if index == ending, index > 0 {
            ending = index - 1
            shutdowns[index - 1].begin()
          } else if index != ending {
            stop(because: ServiceFinishedEarly(service: "\(type(of: services[index]))"))
          }
        }
      }
      group.cancelAll()
      if let failure { throw failure }
    }
  }

  private static func run(_ service: any Service, _ index: Int, _ shutdown: Shutdown) async -> Event {
    do {
      try await Shutdown.$current.withValue(shutdown) { try await service.run() }
      return .finished(index, nil)
    } catch {
      return .finished(index, error)
    }
  }
}
