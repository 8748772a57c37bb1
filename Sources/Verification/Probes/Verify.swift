import Etcd
import Keyspace
import Names
import Synchronization

/// A probe and the answer of one member.
package struct ProbeResult: Hashable, Sendable {
  package let probe: Probe
  package let endpoint: Endpoint
  package let answer: Answer
  /// The answer to the second attempt, which follows an answer that is not the expected one.
  package let second: Answer?

  init(probe: Probe, endpoint: Endpoint, answer: Answer, second: Answer? = nil) {
    self.probe = probe
    self.endpoint = endpoint
    self.answer = answer
    self.second = second
  }

  package enum Verdict: String, Sendable {
    case asExpected = "as expected"
    case wrong
    case inconclusive
  }

  /// `wrong` if one of the attempts was permitted that must not be. Any other unexpected answer counts only if
  /// the second attempt gave it too: the leader may have changed. `inconclusive` if etcd neither permitted nor
  /// refused the request, such as after a timeout.
  package var verdict: Verdict {
    if probe.expected == .denied, answer == .allowed || second == .allowed { return .wrong }
    return switch second ?? answer {
    case probe.expected: .asExpected
    case .inconclusive: .inconclusive
    default: .wrong
    }
  }
}

/// Sends probes to the live cluster.
package struct Verify: Sendable {
  let members: [ServerAssessment.Member]
  let timeout: Duration
  let pace: ProbePace

  /// - Parameters:
  ///   - members: The members to ask. Those that are near their quota get no write probes: a request there may
  ///     fill the store.
  ///   - pace: Shared by all runs.
  package init(
    members: [ServerAssessment.Member], timeout: Duration = .seconds(8), pace: ProbePace = ProbePace()
  ) {
    self.members = members
    self.timeout = timeout
    self.pace = pace
  }

  /// Sends one identity's probes to every member. Each member checks reads and watches itself, and a member
  /// may run without `--client-cert-auth` or be behind the others.
  /// - Parameter login: The user that logs in with a password, over the connection that the certificate
  ///   secures.
  /// - Parameter isNameless: Whether the certificate has no Common Name. That the member then sees no user is a refusal.
  /// - Throws: ``EtcdError`` if the credentials cannot be used.
  package func run(
    _ probes: [Probe], as credentials: ClientCredentials, login: PasswordLogin? = nil,
    isNameless: Bool = false,
    progress: @escaping @Sendable () -> Void = {}
  ) async throws -> [ProbeResult] {
    guard !members.isEmpty else { return [] }
    return try await EtcdClient.connect(
      to: members.map(\.endpoint), as: credentials, timeout: timeout
    ) { etcd in
      var results: [ProbeResult] = []
      for member in members {
        let witness = await Witness(
          etcd.only(member.endpoint), member: member, login: login, isNameless: isNameless, pace: pace)
        results += await concurrently(probes) { probe in
          let result = await witness.ask(probe)
          progress()
          return result
        }
      }
      return results
    }
  }

  /// Runs `body` for each element, as many at a time as the pace allows.
  private func concurrently<Element: Sendable, Result: Sendable>(
    _ elements: [Element], _ body: @escaping @Sendable (Element) async -> Result
  ) async -> [Result] {
    await withTaskGroup(of: (Int, Result).self) { group in
      var waiting = elements.enumerated().makeIterator()
      var inFlight = 0
      func fill() {
        while inFlight < pace.limit, let (index, element) = waiting.next() {
          group.addTask { (index, await body(element)) }
          inFlight += 1
        }
      }
      fill()
      var results: [(Int, Result)] = []
      for await result in group {
        results.append(result)
        inFlight -= 1
        fill()
      }
      return results.sorted { $0.0 < $1.0 }.map(\.1)
    }
  }
}

/// One member, probed with one identity's certificate or with its password login.
private final class Witness: Sendable {
  let etcd: EtcdClient
  let member: ServerAssessment.Member
  let pace: ProbePace
  let isNameless: Bool
  /// Why the member is not asked any more: each further request would also wait for its deadline.
  private let failure = Mutex<EtcdError?>(nil)

  init(
    _ etcd: EtcdClient, member: ServerAssessment.Member, login: PasswordLogin?, isNameless: Bool,
    pace: ProbePace
  ) async {
    self.member = member
    self.isNameless = isNameless
    self.pace = pace
    guard let login else {
      self.etcd = etcd
      return
    }
    do throws(EtcdError) {
      self.etcd = try await etcd.login(login.user, password: login.password)
    } catch {
      self.etcd = etcd
      failure.withLock { $0 = error }
    }
  }

  /// Asks a second time if the answer is not the expected one.
  func ask(_ probe: Probe) async -> ProbeResult {
    func result(_ answer: Answer, _ second: Answer? = nil) -> ProbeResult {
      ProbeResult(probe: probe, endpoint: member.endpoint, answer: answer, second: second)
    }
    if let error = failure.withLock({ $0 }) { return result(.inconclusive(error)) }
    let answer = await timed(probe.question)
    var second: Answer?
    if answer != probe.expected, failure.withLock({ $0 }) == nil { second = await timed(probe.question) }
    if case .inconclusive(let error) = second ?? answer,
      [.deadlineExceeded, .unavailable].contains(error.code)
    {
      failure.withLock { $0 = error }
    }
    return result(answer, second)
  }

  private func timed(_ question: Probe.Question) async -> Answer {
    await pace.turn()
    let start = ContinuousClock.now
    var answer = await ask(question)
    if isNameless, answer.isNoIdentity { answer = .denied }
    pace.answered(answer, after: ContinuousClock.now - start)
    return answer
  }

  private func ask(_ question: Probe.Question) async -> Answer {
    switch question {
    case .read(let range): return await etcd.mayRead(range)
    case .stream(let range): return await etcd.mayStream(range)
    case .watch(let range):
      let answer = await etcd.mayWatch(range)
      return answer == .denied && member.status.version.mayRefuseWatchWrongly
        ? await etcd.mayWatch(range) : answer
    case .administer: return await etcd.mayAdminister()
    case .maintain: return await etcd.mayMaintain()
    case .changeMembers: return await etcd.mayChangeMembers()
    case .write(let range):
      guard member.hasRoom else {
        // What to do differs: an unknown quota says nothing of how full the store is.
        let isUnknown = if case .unknown = member.space { true } else { false }
        return .inconclusive(
          EtcdError(
            code: isUnknown ? .other : .noSpace, operation: "Txn", endpoint: "\(member.endpoint)",
            message: "not asked: \(member.space.description)" + (isUnknown ? "; --quota names it" : "")))
      }
      return await etcd.mayWrite(range)
    }
  }
}
