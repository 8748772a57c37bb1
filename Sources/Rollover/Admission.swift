import Endpoints
import Etcd

/// Whether one member accepts TLS connections of a client at all: whether it trusts the authority of the
/// client's certificate.
package enum Admission: Hashable, Sendable {
  case admitted
  case refused
  /// The member refuses the administrator too, so nothing is known. The value is the error of that call.
  case away(String)
}

/// Finds out whether members accept a client's certificate, with the call Status, which reads and writes no
/// keys. Every error counts as a refusal. With authentication on, 3.4.42 to 3.4.45, 3.5.28 to 3.5.31 and
/// 3.6.0 to 3.6.11 allow Status to root only, so there a certificate without the role root counts as refused.
struct Doorkeeper {
  let endpoints: [Endpoint]
  /// Credentials that every member accepts.
  let reference: ClientCredentials
  let timeout: Duration

  func admission(of credentials: ClientCredentials, at endpoint: Endpoint) async -> Admission {
    // A member that has just started, or holds an election, may need a retry.
    for _ in 0..<2 {
      if await error(of: credentials, at: endpoint) == nil { return .admitted }
    }
    return await error(of: reference, at: endpoint).map(Admission.away) ?? .refused
  }

  /// Checks that every member of the cluster is among the endpoints: a member that was left out would later
  /// refuse its clients.
  func checkEndpointsAreAllMembers() async throws {
    let members = try await EtcdClient.connect(to: endpoints, as: reference, timeout: timeout) {
      try await $0.members()
    }
    guard members.count == endpoints.count else {
      throw RolloverRefusal(
        "the cluster has \(members.count) members, and the file names \(endpoints.count) endpoints",
        hint: "list every member's client URL under etcd.endpoints")
    }
  }

  /// - Throws: ``RolloverRefusal`` for the first member whose answer differs from `wanted`.
  func check(
    _ credentials: ClientCredentials, of who: String, are wanted: Admission, hint: String
  ) async throws {
    for endpoint in endpoints {
      let found = await admission(of: credentials, at: endpoint)
      guard found != wanted else { continue }
      let words =
        switch found {
        case .admitted: "still admits \(who)"
        case .refused: "does not admit \(who)"
        case .away(let error): "cannot be asked: \(error)"
        }
      throw RolloverRefusal("\(endpoint) \(words)", hint: hint)
    }
  }

  private func error(of credentials: ClientCredentials, at endpoint: Endpoint) async -> String? {
    do {
      _ = try await EtcdClient.connect(to: [endpoint], as: credentials, timeout: timeout) {
        try await $0.status()
      }
      return nil
    } catch {
      return "\(error)"
    }
  }
}
