import Reconciliation

/// Whether authentication can be turned on, as text and as JSON.
package struct PreflightReport: Encodable, TextReport {
  struct Obstacle: Encodable {
    let obstacle: String
    let hint: String?
  }
  struct LockedOut: Encodable {
    let user: String
    let reason: String
  }

  struct Impersonation: Encodable {
    let member: String
    let user: String
  }
  struct Unseen: Encodable {
    let member: String
    let reason: String
  }

  let cluster: String
  package let isSafe: Bool
  let authEnabled: Bool
  let obstacles: [Obstacle]
  let lockedOut: [LockedOut]
  let nearlyFull: [String]
  /// Members whose server certificate has a user's name as its Common Name.
  let impersonations: [Impersonation]
  /// Members whose server certificate could not be read.
  let unseen: [Unseen]
  /// Pods that use the shared Secret; nil if no list of pods was given.
  let pods: [String]?

  package init(_ preflight: Preflight, cluster: String, pods: PodUses?) {
    self.cluster = cluster
    isSafe = preflight.isSafe
    authEnabled = preflight.authEnabled
    obstacles = preflight.obstacles.map { Obstacle(obstacle: "\($0)", hint: $0.hint) }
    lockedOut = preflight.lockedOut.map { LockedOut(user: $0.user, reason: $0.reason) }
    nearlyFull = preflight.nearlyFull
    impersonations = preflight.impersonations.map { Impersonation(member: $0.member, user: $0.user) }
    unseen = preflight.unseen.map { Unseen(member: $0.member, reason: $0.reason) }
    self.pods = pods?.pods
  }

  package func text(_ style: Style) -> String {
    var lines: [String] = []
    for obstacle in obstacles {
      lines +=
        ["\(style.bad("!")) \(obstacle.obstacle)"] + (obstacle.hint.map { ["  \(style.faint($0))"] } ?? [])
    }
    lines += nearlyFull.map { "\(style.bad("!")) nearly full: \($0)" }
    for impersonation in impersonations {
      let (member, user) = (impersonation.member, impersonation.user)
      lines += [
        "\(style.bad("!")) the server certificate of the member \(member) names the user '\(user)', whom others can be through etcd's JSON gateway",
        "  "
          + style.faint(
            "give it a certificate with another Common Name ('bulkhead certs member'), and start it with --enable-grpc-gateway=false"
          ),
      ]
    }
    lines += unseen.map {
      "\(style.bad("!")) whom the server certificate of the member \($0.member) names is not known: \($0.reason)"
    }
    for user in lockedOut.prefix(20) {
      lines.append("\(style.bad("!")) locked out: \(user.user), \(user.reason)")
    }
    if lockedOut.count > 20 { lines.append("  … and \(lockedOut.count - 20) more") }
    if let pods, !pods.isEmpty {
      lines.append("\(count(pods.count, "pod")) with the shared Secret, so its Common Name needs a user:")
      lines += pods.prefix(20).map { "  \($0)" } + (pods.count > 20 ? ["  …"] : [])
    }
    switch (authEnabled, isSafe) {
    case (true, true):
      lines.append(
        style.good("\(cluster): authentication is on, and whoever the file names has what it says"))
    case (true, false):
      lines.append(style.bad("\(cluster): authentication is on, and not all is as it should be"))
    case (false, true): lines.append(style.good("\(cluster): authentication can be turned on"))
    case (false, false): lines.append(style.bad("\(cluster): authentication must not be turned on yet"))
    }
    lines.append(
      style.faint(
        """
        Not seen from here: certificates in use that the file does not name (etcd does not tell who is connected), and
        whether the members run with --client-cert-auth. The latter is tried when authentication is turned on, with a
        way back.
        """))
    return lines.joined(separator: "\n")
  }
}
