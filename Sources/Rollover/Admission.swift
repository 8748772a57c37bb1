import Endpoints
import Etcd

/// Whether one member lets a client in at all, whoever it is: whether it trusts the authority of its certificate.
package enum Admission: Hashable, Sendable {
  case admitted
  case refused
  /// The member refuses everyone, so nothing is known; with the error of the administrator's own call.
  case away(String)
}

/// Asks members whether they let clients in. Nothing is read or written: a member's status takes no user.
struct Doorkeeper {
  let endpoints: [Endpoint]
  /// Credentials that every member is known to admit.
  let reference: ClientCredentials
  let timeout: Duration

  func admission(of credentials: ClientCredentials, at endpoint: Endpoint) async -> Admission {
    // A member that has just started, or elects, may need a second try.
    for _ in 0..<2 {
      if await error(of: credentials, at: endpoint) == nil { return .admitted }
    }
    return await error(of: reference, at: endpoint).map(Admission.away) ?? .refused
  }

  /// Refuses unless every member that the cluster has is among the endpoints: one that is left out would be the one
  /// that locks its clients out.
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

  /// - Throws: ``RolloverRefusal`` naming the first member whose answer is not the wanted one.
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
