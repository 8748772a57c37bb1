import Etcd

/// A user that logs in with a password, and its password.
package struct PasswordLogin: Sendable {
  package let user: String
  let password: String

  package init(user: String, password: String) {
    self.user = user
    self.password = password
  }

  /// Logs in through the JSON gateway of each member, as the user's own client does.
  package func overGateway(
    of members: [ServerAssessment.Member], as credentials: ClientCredentials, timeout: Duration = .seconds(8)
  ) async -> [GatewayLogin] {
    var logins: [GatewayLogin] = []
    for member in members {
      logins.append(
        GatewayLogin(
          user: user, member: member.name,
          answer: await credentials.gatewayLogin(
            at: member.endpoint, user, password: password, timeout: timeout)))
    }
    return logins
  }
}

/// What the JSON gateway of a member answered to the login of a user.
package struct GatewayLogin: Hashable, Sendable {
  package let user: String
  package let member: String
  package let answer: GatewayAnswer
}
