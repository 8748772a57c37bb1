import AgentFile
import CertificateSources
import Credentials
import FoundationEssentials
import Log

/// Keeps the certificates and the revocation list of one configuration current, each independently of the others.
package struct Agent: Sendable {
  /// Nil if there are no certificates.
  let source: (any CertificateSource)?
  private var keepers: [CertificateRenewer]
  /// The positions in ``keepers``, those of one identity together.
  private let sharers: [[Int]]
  private var lists: [ListKeeper]
  private let log: Logger
  private let clock: @Sendable () -> Date

  /// - Parameter clock: Returns the current time.
  /// - Throws: `FileError` if an owner or group does not exist.
  package init(
    _ configuration: AgentConfiguration, log: Logger, clock: @escaping @Sendable () -> Date = { Date() }
  ) throws {
    try self.init(configuration, source: configuration.source?.make(), log: log, clock: clock)
  }

  init(
    _ configuration: AgentConfiguration, source: (any CertificateSource)?, log: Logger,
    clock: @escaping @Sendable () -> Date
  ) throws {
    self.source = source
    self.log = log
    self.clock = clock
    let renewers =
      try source.map { source in
        try configuration.deliveries.map {
          try CertificateRenewer($0, of: configuration, source: source, spread: .random(in: 0...1))
        }
      } ?? []
    keepers = renewers
    var sharers: [[Int]] = []
    for (index, renewer) in renewers.enumerated() {
      let place = sharers.firstIndex { indices in
        renewers[indices[0]].delivery.identity.utf8.elementsEqual(renewer.delivery.identity.utf8)
      }
      if let place { sharers[place].append(index) } else { sharers.append([index]) }
    }
    self.sharers = sharers
    lists = try configuration.revocationList.map { [try ListKeeper($0, spread: .random(in: 0...1))] } ?? []
  }

  /// The state of all certificates, without network access or changes.
  /// - Throws: `FileError`.
  package func check() throws -> [AgentStanding] {
    let now = clock()
    return try keepers.map { keeper in
      let (look, isDue) = try keeper.standing(now: now)
      return AgentStanding(keeper, look, isDue: isDue, now: now)
    } + lists.map { AgentStanding($0, $0.standing(now: now), now: now) }
  }

  /// Makes the next check get another certificate for each identity, although the current one is not due.
  package mutating func request(_ reason: RenewalReason) {
    let now = clock()
    for index in keepers.indices { keepers[index].request(reason, now: now) }
  }

  /// Gets what is missing or due. Transient failures are retried until the timeout.
  package mutating func once(timeout: Duration) async -> [AgentStanding] {
    let end = ContinuousClock.now + timeout
    var standings: [AgentStanding] = []
    while true {
      let round = await look()
      // A certificate that was renewed in an earlier round of this run is reported as renewed.
      standings = zip(round.standings, standings.map(Optional.some) + round.standings.map { _ in nil }).map {
        $0.renewed == nil && $1?.renewed != nil && $0.state == .good ? $1 ?? $0 : $0
      }
      let pause = Duration.seconds(max(round.next.timeIntervalSince(clock()), 0.1))
      guard round.isWorthRepeating, ContinuousClock.now + pause < end, !Task.isCancelled else {
        return standings
      }
      try? await Task.sleep(for: pause)
    }
  }

  struct Round: Sendable {
    var standings: [AgentStanding] = []
    /// When to check again.
    var next: Date
    /// Whether a retry may succeed soon.
    var isWorthRepeating = false
  }

  /// Checks all certificates once.
  /// - Parameter isAsked: whether a signal requested it, so that pauses after failures are skipped.
  mutating func look(isAsked: Bool = false) async -> Round {
    if isAsked {
      for index in keepers.indices { keepers[index].forgetPause() }
      for index in lists.indices { lists[index].forgetPause() }
    }
    let agent = self
    var round = Round(next: .distantFuture)
    var standings: [Int: AgentStanding] = [:]
    await withTaskGroup(of: [Checked].self) { group in
      group.addTask {
        await agent.maintain()
        return []
      }
      // Concurrent, so that a slow request for one certificate does not delay the others; a node has few
      // certificates. Entries with one identity are checked one after another, so that it is requested once.
      for indices in sharers {
        group.addTask {
          var checked: [Checked] = []
          for index in indices {
            var keeper = agent.keepers[index]
            let look = await keeper.look(now: agent.clock())
            checked.append(Checked(index: index, keeper: keeper, look: look))
          }
          return checked
        }
      }
      for await checked in group {
        for one in checked {
          let (index, keeper) = (one.index, one.keeper)
          var look = one.look
          keepers[index] = keeper
          // One after another, because the action of several certificates may reload the same service.
          await keeper.finish(&look)
          let now = clock()
          let isDue = look.due.map { $0 <= now } ?? true
          let standing = AgentStanding(keeper, look, isDue: isDue, now: now)
          if !Task.isCancelled { report(standing, look.next) }
          standings[index] = standing
          round.next = min(round.next, look.next)
          if look.fault?.isTransient == true || (standing.state != .good && look.fault == nil) {
            round.isWorthRepeating = true
          }
        }
      }
    }
    round.standings = keepers.indices.compactMap { standings[$0] }
    for index in lists.indices {
      let look = await lists[index].look(now: clock())
      let standing = AgentStanding(lists[index], look, now: clock())
      if !Task.isCancelled { report(standing, look.next) }
      round.standings.append(standing)
      round.next = min(round.next, look.next)
      if look.fault?.isTransient == true { round.isWorthRepeating = true }
    }
    return round
  }

  private struct Checked: Sendable {
    let index: Int
    let keeper: CertificateRenewer
    let look: CertificateRenewer.Look
  }

  private func maintain() async {
    guard let source else { return }
    do {
      try await source.maintain(now: clock())
    } catch {
      let fault = KeeperFault(error)
      log.warning(
        "the credential for the source was not renewed",
        metadata: ["source": "\(source.name)", "fault": "\(fault)"])
    }
  }

  /// Ends the session with the source.
  package func leave() async { await source?.leave() }

  private func report(_ standing: AgentStanding, _ next: Date) {
    var metadata: Logger.Metadata = ["identity": "\(standing.identity)"]
    if let notAfter = standing.notAfter { metadata["notAfter"] = "\(notAfter.formatted(.iso8601))" }
    if let renewal = standing.renewal { metadata["renewal"] = "\(renewal.formatted(.iso8601))" }
    if let reason = standing.renewed {
      metadata["reason"] = "\(reason)"
      let what = standing.kind == .certificate ? "certificate" : "revocation list"
      log.info("a new \(what) is in place", metadata: metadata)
    }
    if let fault = standing.fault {
      metadata["fault"] = "\(fault)"
      metadata["hint"] = standing.hint.map { "\($0)" }
      metadata["next"] = "\(next.formatted(.iso8601))"
      if standing.state == .unusable {
        let what = standing.kind == .certificate ? "certificate" : "revocation list"
        log.error("no usable \(what) is in place", metadata: metadata)
      } else {
        log.warning("a step failed; the files in place stay", metadata: metadata)
      }
    }
  }
}

extension AgentConfiguration.Source {
  func make() -> any CertificateSource {
    switch self {
    case .directory(let path): DirectorySource(path)
    case .server(let settings): ServerSource(settings)
    case .vault(let settings): VaultSource(settings)
    }
  }
}
