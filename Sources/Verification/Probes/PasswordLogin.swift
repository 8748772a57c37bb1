import Etcd
import Keyspace

/// A user that logs in with a password, and its password.
package struct PasswordLogin: Sendable {
  package let user: String
  let password: String

  package init(user: String, password: String) {
    self.user = user
    self.password = password
  }

  /// Logs in through the JSON gateway of each member, as the user's own client does, and asks whether it may read some
  /// of the ranges of the probes.
  package func overGateway(
    of members: [ServerAssessment.Member], as credentials: ClientCredentials, _ probes: [Probe],
    timeout: Duration = .seconds(8)
  ) async -> [GatewayLogin] {
    var logins: [GatewayLogin] = []
    for member in members {
      let answer = await credentials.gatewayLogin(
        at: member.endpoint, user, password: password, timeout: timeout)
      var reads: [GatewayLogin.Read] = []
      if case .loggedIn(let token) = answer {
        for (range, isAllowed) in Self.reads(of: probes) {
          reads.append(
            GatewayLogin.Read(
              range: range, isAllowed: isAllowed,
              answer: await credentials.mayReadThroughGateway(
                range, at: member.endpoint, token: token, timeout: timeout)))
        }
      }
      logins.append(GatewayLogin(user: user, member: member.name, answer: answer, reads: reads))
    }
    return logins
  }

  /// The reads that are asked: at most 20 that are allowed and 20 that are not, those of granted ranges first.
  static func reads(of probes: [Probe]) -> [(KeyRange, isAllowed: Bool)] {
    let reads = probes.compactMap { probe -> (KeyRange, isAllowed: Bool)? in
      guard case .read(let range) = probe.question, [.granted, .outside].contains(probe.reason) else {
        return nil
      }
      return (range, probe.isAllowed)
    }
    return reads.filter(\.isAllowed).prefix(20) + reads.filter { !$0.isAllowed }.suffix(20)
  }
}

/// What the JSON gateway of a member answered to the login of a user.
package struct GatewayLogin: Hashable, Sendable {
  package let user: String
  package let member: String
  package let answer: GatewayAnswer
  /// Empty if it did not log in.
  package let reads: [Read]

  /// A read with the token of the login.
  package struct Read: Hashable, Sendable {
    package let range: KeyRange
    package let isAllowed: Bool
    package let answer: Answer

    package var isWrong: Bool { answer != (isAllowed ? .allowed : .denied) }
  }
}
