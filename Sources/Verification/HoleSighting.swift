import Etcd
import Keyspace
import Names
import Segmentation

/// How one member answered a harmless request that succeeds only if the vulnerability is there: checks what
/// its version implies.
package struct HoleSighting: Hashable, Sendable {
  /// `open` if the member permitted the request, and so has the vulnerability; `closed` if it refused.
  package enum State: Hashable, Sendable {
    case open, closed
    case inconclusive(EtcdError)
  }

  /// The ``Advisory/id`` of the vulnerability.
  package let advisory: String
  package let endpoint: Endpoint
  /// The user that sent the request.
  package let user: String
  /// The request in words.
  package let request: String
  package let state: State
}

/// The requests that show vulnerabilities of ``Advisory/all``, for those that can be shown without harm.
struct HoleRequest: Sendable {
  let advisory: String
  let words: String
  /// Whether the request is a Txn. A Txn is not sent to a member that is near its quota.
  let isTxn: Bool
  let ask: @Sendable (EtcdClient) async -> Answer

  /// The requests that are conclusive for this identity: a request that it is allowed to make shows nothing.
  static func all(for permissions: Permissions) -> [HoleRequest] {
    guard permissions != .root else { return [] }
    var requests = [
      HoleRequest(advisory: "CVE-2026-33413", words: "compact the store", isTxn: false) {
        await $0.mayCompact()
      },
      HoleRequest(advisory: "CVE-2026-33413", words: "end an alarm", isTxn: false) {
        await $0.mayDisarmAlarms()
      },
    ]
    if let foreign = ProbePlan.outside.first(where: { !permissions.allow(.write, $0) }) {
      requests.append(
        HoleRequest(advisory: "CVE-2026-33343", words: "write \(foreign) in a Txn inside a Txn", isTxn: true)
        {
          await $0.mayWriteInNestedTxn(foreign)
        })
    }
    let own = permissions.readable.ranges.first { $0.upper != nil }
    if let own = own.map({ KeyRange(from: $0.lower, to: nil) }) {
      requests.append(
        HoleRequest(advisory: "GHSA-xg4h-6gfc-h4m8", words: "watch \(own)", isTxn: false) {
          await $0.mayWatch(own)
        })
    }
    return requests
  }
}

extension ServerAssessment {
  /// Adds to the assessment how each member answers requests that the identity must not make.
  /// - Parameter credentials: Those of the identity. It must not be an administrator, which may make all
  ///   these requests.
  /// - Throws: ``EtcdError`` if the credentials cannot be used.
  package func lookingForHoles(
    as identity: Identity, in segmentation: Segmentation, with credentials: ClientCredentials,
    timeout: Duration = .seconds(8)
  ) async throws -> ServerAssessment {
    let requests = HoleRequest.all(for: segmentation.permissions(of: identity))
    var assessment = self
    assessment.sightings += try await EtcdClient.connect(
      to: members.map(\.endpoint), as: credentials, timeout: timeout
    ) { etcd in
      var sightings: [HoleSighting] = []
      for member in members {
        for request in requests where member.hasRoom || !request.isTxn {
          sightings.append(
            HoleSighting(
              advisory: request.advisory, endpoint: member.endpoint, user: identity.user,
              request: request.words, state: .init(await request.ask(etcd.only(member.endpoint)))))
        }
      }
      return sightings
    }
    return assessment
  }
}

extension HoleSighting.State {
  fileprivate init(_ answer: Answer) {
    self =
      switch answer {
      case .allowed: .open
      case .denied: .closed
      case .inconclusive(let error): .inconclusive(error)
      }
  }
}
