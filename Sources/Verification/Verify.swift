import Etcd
import Keyspace
import Names
import Synchronization

/// A probe and the answer of one member.
package struct ProbeResult: Hashable, Sendable {
  package let probe: Probe
  package let endpoint: Endpoint
  package let answer: Answer

  package enum Verdict: String, Sendable {
    case asExpected = "as expected"
    case wrong
    case inconclusive
  }

  /// `inconclusive` if etcd neither permitted nor refused the request, such as after a timeout.
  package var verdict: Verdict {
    switch answer {
    case probe.expected: .asExpected
    case .inconclusive: .inconclusive
    default: .wrong
    }
  }
}

/// Sends probes to the live cluster.
package struct Verify: Sendable {
  let endpoints: [Endpoint]
  let timeout: Duration

  package init(endpoints: [Endpoint], timeout: Duration = .seconds(8)) {
    self.endpoints = endpoints
    self.timeout = timeout
  }

  /// Sends one identity's probes to every member. Each member checks reads and watches itself, and a member
  /// may run without `--client-cert-auth` or be behind the others.
  /// - Parameters:
  ///   - login: The user that logs in with a password, over the connection that the certificate secures.
  ///   - assessment: Members that are near their quota get no write probes: a request there may fill the
  ///     store.
  ///   - window: The number of requests in flight at most.
  /// - Throws: ``EtcdError`` if the credentials cannot be used.
  package func run(
    _ probes: [Probe], as credentials: ClientCredentials, login: PasswordLogin? = nil,
    assessment: ServerAssessment, window: Int = 32,
    progress: @escaping @Sendable () -> Void = {}
  ) async throws -> [ProbeResult] {
    try await EtcdClient.connect(to: endpoints, as: credentials, timeout: timeout) { etcd in
      var results: [ProbeResult] = []
      for member in assessment.members {
        let witness = await Witness(etcd.only(member.endpoint), member: member, login: login)
        results += await inWindow(of: window, probes) { probe in
          let answer = await witness.ask(probe)
          progress()
          return ProbeResult(probe: probe, endpoint: member.endpoint, answer: answer)
        }
      }
      return results
    }
  }

  private func inWindow<Element: Sendable, Result: Sendable>(
    of size: Int, _ elements: [Element], _ body: @escaping @Sendable (Element) async -> Result
  ) async -> [Result] {
    await withTaskGroup(of: (Int, Result).self) { group in
      var waiting = elements.enumerated().makeIterator()
      func next() {
        guard let (index, element) = waiting.next() else { return }
        group.addTask { (index, await body(element)) }
      }
      for _ in 0..<size { next() }
      var results: [(Int, Result)] = []
      for await result in group {
        results.append(result)
        next()
      }
      return results.sorted { $0.0 < $1.0 }.map(\.1)
    }
  }
}

/// A user that logs in with a password, and its password.
package struct PasswordLogin: Sendable {
  package let user: String
  let password: String

  package init(user: String, password: String) {
    self.user = user
    self.password = password
  }
}

/// One member, probed with one identity's certificate or with its password login.
private final class Witness: Sendable {
  let etcd: EtcdClient
  let member: ServerAssessment.Member
  /// Why the member is not asked any more: each further request would also wait for its deadline.
  private let silence = Mutex<EtcdError?>(nil)

  init(_ etcd: EtcdClient, member: ServerAssessment.Member, login: PasswordLogin?) async {
    self.member = member
    guard let login else {
      self.etcd = etcd
      return
    }
    do throws(EtcdError) {
      self.etcd = try await etcd.login(login.user, password: login.password)
    } catch {
      self.etcd = etcd
      silence.withLock { $0 = error }
    }
  }

  /// Retries once if the answer is not the expected one: the leader may have changed.
  func ask(_ probe: Probe) async -> Answer {
    if let error = silence.withLock({ $0 }) { return .inconclusive(error) }
    var answer = await ask(probe.question)
    if answer != probe.expected, silence.withLock({ $0 }) == nil { answer = await ask(probe.question) }
    if case .inconclusive(let error) = answer, error.code == .deadlineExceeded {
      silence.withLock { $0 = error }
    }
    return answer
  }

  private func ask(_ question: Probe.Question) async -> Answer {
    switch question {
    case .read(let range): return await etcd.mayRead(range)
    case .watch(let range):
      let answer = await etcd.mayWatch(range)
      return answer == .denied && member.status.version.mayRefuseWatchWrongly
        ? await etcd.mayWatch(range) : answer
    case .administer: return await etcd.mayAdminister()
    case .write(let range):
      guard member.hasRoom else {
        return .inconclusive(
          EtcdError(
            code: .noSpace, operation: "Txn", endpoint: "\(member.endpoint)",
            message: "not asked: the store is near its quota, or its quota is not known"))
      }
      return await etcd.mayWrite(range)
    }
  }
}
