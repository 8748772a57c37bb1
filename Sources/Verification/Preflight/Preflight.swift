import Certificates
import Etcd
import Keyspace
import Reconciliation
import Segmentation

/// Whether authentication can be turned on, and what it does not protect: each reason as a finding.
package struct Preflight: Sendable {
  package let authEnabled: Bool
  /// Which members were asked: `3 of 3 members`.
  package let asked: String
  /// The most severe first.
  package let findings: [PreflightFinding]

  /// A certificate that some program uses.
  package struct CertificateInUse: Hashable, Sendable {
    /// Where it was found.
    package let path: String
    /// Its Common Name; nil without one.
    package let user: String?
    /// Whether it only secures the connection of a user with a password, and so has no Common Name.
    package let isTransport: Bool

    package init(path: String, user: String?, isTransport: Bool = false) {
      self.path = path
      self.user = user
      self.isTransport = isTransport
    }
  }

  /// What the user of the command knows beside the cluster.
  package struct Knowledge: Sendable {
    /// The Common Name of a shared certificate that programs use and that the file may not name.
    package var shared: String?
    package var certificates: [CertificateInUse] = []
    /// The prefix of each kube-apiserver that was found, by pod: `/registry`.
    package var etcdPrefixes: [String: String] = [:]
    /// The users and roles that the file protects: other people manage them.
    package var protected: Set<String> = []

    package init() {}
  }

  init(authEnabled: Bool, asked: String, findings: [PreflightFinding]) {
    self.authEnabled = authEnabled
    self.asked = asked
    self.findings = findings.enumerated().sorted { left, right in
      let (a, b) = (left.element, right.element)
      if a.severity != b.severity { return a.severity > b.severity }
      return a.rule.id == b.rule.id ? left.offset < right.offset : a.rule.id < b.rule.id
    }.map(\.element)
  }

  /// - Parameters:
  ///   - credentials: Those of `etcd`, of a user with the role root.
  ///   - client: Credentials signed by the authority of the clients' certificates, to ask the peer ports.
  /// - Throws: ``EtcdError``.
  package static func check(
    _ etcd: EtcdClient, _ assessment: ServerAssessment, as credentials: ClientCredentials,
    _ segmentation: Segmentation, state: ClusterState, applicant: String, _ knowledge: Knowledge = Knowledge()
  ) async throws -> Preflight {
    let desired = DesiredState(segmentation)
    var findings = ServerChecks.findings(assessment)
    if !state.authEnabled, let members = assessment.cluster {
      let obstacles = try await EnableAuth(etcd, as: credentials)
        .obstacles(applicant: applicant, state: state, members)
      findings += obstacles.compactMap {
        // These are found with authentication on too.
        switch $0 {
        case .alarmIsActive, .unreachable, .plainHTTP: nil
        default: PreflightFinding(.obstacle, "\($0)", cure: $0.hint)
        }
      }
      findings.append(
        PreflightFinding(
          .changes,
          "once authentication is on, 'etcdctl member promote' works only at the leader; each change of users "
            + "or roles refuses writes in flight once, which clients repeat; watches that are open stay open")
      )
    }
    findings += UserChecks.findings(desired, state, knowledge)
    // Each member enforces what it stores itself. The passwords were tried above.
    findings += StoredChecks.findings(
      await StoredComparison.of(assessment.members, etcd, segmentation, tryingPasswords: false), knowledge)
    findings += try await certificates(
      of: assessment,
      Set(state.users.keys).union(desired.users.map(\.name))
        .union(knowledge.shared.map { [$0] } ?? []), as: credentials)
    findings += KeyChecks.prefixes(knowledge, segmentation)
    findings += try await KeyChecks.findings(etcd, segmentation, state)
    findings += try await NodeNames.findings(etcd, segmentation)
    return Preflight(
      authEnabled: state.authEnabled, asked: assessment.cluster?.asked ?? "", findings: findings)
  }

  /// The findings about the Common Names of the server certificates.
  ///
  /// etcd's JSON gateway forwards requests with the member's own server certificate. If a client sends one
  /// without an `Accept` header, and with a certificate that has no Common Name, etcd treats it as the user
  /// that the server certificate names (etcd, `server/auth/store.go`, `AuthInfoFromTLS`).
  private static func certificates(
    of assessment: ServerAssessment, _ users: Set<String>, as credentials: ClientCredentials
  ) async throws -> [PreflightFinding] {
    var findings: [PreflightFinding] = []
    for member in assessment.members {
      let subject = "member \(member.name)"
      do {
        let certificate = try await EtcdClient.serverCertificate(of: member.endpoint, as: credentials)
        guard let facts = CertificateFacts(der: certificate) else {
          findings.append(
            PreflightFinding(
              .unknownServer, subject, "the server certificate of the member \(member.name) cannot be read"))
          continue
        }
        if let user = facts.user, users.contains(user) {
          findings.append(
            PreflightFinding(
              .serverNamesUser, subject,
              "the server certificate of the member \(member.name) names the user '\(user)'"))
        }
      } catch {
        findings.append(
          PreflightFinding(
            .unknownServer, subject,
            "the server certificate of the member \(member.name) could not be read: \(error)"))
      }
    }
    return findings
  }
}

/// What users and roles show.
enum UserChecks {
  static func findings(
    _ desired: DesiredState, _ state: ClusterState, _ knowledge: Preflight.Knowledge
  ) -> [PreflightFinding] {
    var findings = lockedOut(desired, state, shared: knowledge.shared)
    let logins = Dictionary(desired.users.map { ($0.name, $0.login) }) { first, _ in first }
    let names = Set(logins.keys)
    let exact = Set(desired.users.filter(\.isExact).map(\.name))
    for (name, user) in state.users.sorted(by: { $0.key < $1.key }) {
      let subject = "user \(name)"
      let login = logins[name] ?? (name == Role.root ? .certificate : .password)
      if user.acceptsEmptyPassword {
        findings.append(
          PreflightFinding(
            .emptyPassword, subject, "the user '\(name)' accepts the empty password",
            cure: name == Role.root ? passwordCure(name) : nil))
      } else if user.hasPassword, login == .certificate {
        findings.append(
          PreflightFinding(
            .password, subject, "the user '\(name)' has a password",
            cure: exact.contains(name) ? nil : passwordCure(name)))
      }
      if user.roles.contains(Role.root), !names.contains(name), name != Role.root {
        findings.append(
          PreflightFinding(
            .foreignAdministrator, subject, "the user '\(name)' has the role root and is not in the file",
            severity: knowledge.protected.contains(name) || name == knowledge.shared ? .warning : nil))
      }
    }
    if !state.authEnabled {
      findings += untriedPasswords(
        state.users.keys.filter { !names.contains($0) && $0 != Role.root }.sorted())
    }
    // A certificate without a Common Name that secures the connection of a user with a password is no finding.
    for certificate in knowledge.certificates where !certificate.isTransport {
      let severity: PreflightRule.Severity? = state.authEnabled ? .warning : nil
      guard let user = certificate.user else {
        findings.append(
          PreflightFinding(
            .certificateInUse, "", "the certificate \(certificate.path) has no Common Name",
            severity: severity))
        continue
      }
      if state.users[user] == nil, !names.contains(user) {
        findings.append(
          PreflightFinding(
            .certificateInUse, "user \(user)",
            "the certificate \(certificate.path) is for '\(user)', and neither etcd nor the file has this user",
            severity: severity))
      }
    }
    return findings
  }

  /// `bulkhead apply` leaves the passwords of users that others manage: root, the other administrators of the file
  /// and kube-apiserver. etcd cannot delete root while authentication is on.
  private static func passwordCure(_ user: String) -> String {
    let random = "set a random password that you do not keep ('etcdctl user passwd \(user)')"
    guard user != Role.root else { return "'bulkhead apply' leaves this user: \(random)" }
    return "'bulkhead apply' leaves this user: delete it and add it again without a password "
      + "('etcdctl user add \(user) --no-password'), with the roles that it has; its program is refused until then"
  }

  /// Users that the file does not name and whose password cannot be tried while authentication is off.
  private static func untriedPasswords(_ users: [String]) -> [PreflightFinding] {
    guard !users.isEmpty else { return [] }
    let shown = users.prefix(10).joined(separator: ", ")
    return [
      PreflightFinding(
        .untriedPassword,
        "whether users that the file does not name accept the empty password is unknown: \(shown)"
          + (users.count > 10 ? " and \(users.count - 10) more" : ""))
    ]
  }

  /// Users that do not exist in etcd, or that have less access there than in the file.
  static func lockedOut(
    _ desired: DesiredState, _ state: ClusterState, shared: String?
  ) -> [PreflightFinding] {
    func finding(_ user: String, _ reason: String) -> PreflightFinding {
      PreflightFinding(.lockedOut, "user \(user)", "locked out: \(user), \(reason)")
    }
    let incomplete = Set(
      desired.roles.filter { role in
        let held = state.roles[role.name] ?? []
        return role.permissions.contains { wanted in
          !held.contains { $0.hasSameRange(as: wanted) && $0.access.isSuperset(of: wanted.access) }
        }
      }.map(\.name))
    var found: [PreflightFinding] = []
    for user in desired.users {
      guard let held = state.users[user.name]?.roles else {
        found.append(finding(user.name, "the user does not exist"))
        continue
      }
      let missing = user.roles.filter { !held.contains($0) }
      let short = user.roles.filter { held.contains($0) && incomplete.contains($0) }
      if !missing.isEmpty {
        found.append(finding(user.name, "lacks the role \(missing.joined(separator: ", "))"))
      } else if !short.isEmpty {
        found.append(finding(user.name, "its role \(short.joined(separator: ", ")) lacks grants"))
      }
    }
    if let shared, !desired.users.contains(where: { $0.name == shared }), state.users[shared] == nil {
      found.append(
        PreflightFinding(
          .lockedOut, "user \(shared)",
          "locked out: \(shared), the shared certificate's, the user does not exist",
          cure: "run 'bulkhead apply --stage prepare --shared \(shared)'"))
    }
    return found
  }
}

/// What the users and roles that each member stores show, beside what is missing (``UserChecks/lockedOut``) and
/// passwords.
enum StoredChecks {
  static func findings(
    _ stored: StoredComparison, _ knowledge: Preflight.Knowledge
  ) -> [PreflightFinding] {
    let expected = knowledge.protected.union(knowledge.shared.map { [$0] } ?? [])
    return stored.differences.filter { difference in
      difference.breaksSegmentation && difference.kind != Drift.Kind.missing.rawValue
        && !(difference.kind == Drift.Kind.foreignUser.rawValue
          && (difference.isAdministrator || expected.contains(difference.name)))
    }.map { difference in
      PreflightFinding(
        .storedDifference, difference.subject,
        "\(difference.subject): \(difference.kind): \(difference.meaning) (\(difference.members.joined(separator: ", ")))",
        cure: difference.kind == Drift.Kind.foreignUser.rawValue
          ? "find out who uses it, and revoke what it does not need, or list it under 'protect'" : nil)
    }
      + stored.unread.map { unread in
        PreflightFinding(
          .storedDifference, "member \(unread.member)",
          "the users and roles of the member \(unread.member) were not read: \(unread.problem)",
          cure: "make the member reachable from here, and try again")
      }
  }
}

/// What the keys show.
enum KeyChecks {
  /// Keys that only administrators can reach once authentication is on. Users that exist in etcd count as
  /// well as those of the file, because another file may manage them.
  static func findings(
    _ etcd: EtcdClient, _ segmentation: Segmentation, _ state: ClusterState
  ) async throws(EtcdError) -> [PreflightFinding] {
    var (segments, isComplete) = try await etcd.firstSegments()
    let reached = reachable(segmentation, state)
    segments.removeAll { segment in !reached.intersection(segment.range).isEmpty }
    var findings = segments.prefix(50).map { segment in
      PreflightFinding(
        .unreachedKeys, "keys \(segment.range)",
        "\(segment.range): \(segment.keys == 1 ? "1 key" : "\(segment.keys) keys"), and no user but "
          + "administrators may read or write there", severity: state.authEnabled ? .warning : nil)
    }
    if segments.count > findings.count {
      findings.append(
        PreflightFinding(
          .unreachedKeys, "",
          "\(segments.count - findings.count) more beginnings of keys that only administrators reach",
          severity: state.authEnabled ? .warning : nil))
    }
    if !isComplete {
      findings.append(
        PreflightFinding(
          .unreachedKeys, "", "the keys begin in more than 500 ways; the others were not looked at",
          severity: .warning))
    }
    return findings
  }

  /// The keys of kube-apiservers with another prefix than `/registry`, that no identity of the file may write.
  static func prefixes(_ knowledge: Preflight.Knowledge, _ segmentation: Segmentation) -> [PreflightFinding] {
    knowledge.etcdPrefixes.sorted { $0.key < $1.key }.compactMap { pod, prefix in
      let root = prefix.hasPrefix("/") ? prefix : "/\(prefix)"
      let range = KeyRange.prefix(Key(root.hasSuffix("/") ? root : "\(root)/"))
      let isCovered = segmentation.identities.contains { identity in
        (identity.purpose == .apiserver && range == .kubernetes)
          || (!identity.isRoot && segmentation.permissions(of: identity).allow(.readwrite, range))
      }
      return isCovered
        ? nil : PreflightFinding(.otherPrefix, "pod \(pod)", "\(pod) runs with --etcd-prefix=\(prefix)")
    }
  }

  /// The keys that some user may read or write; administrators are left out, kube-apiserver's own keys are
  /// counted.
  static func reachable(_ segmentation: Segmentation, _ state: ClusterState) -> KeyRangeSet {
    var ranges: [KeyRange] = [.bulkhead]
    for identity in segmentation.identities {
      if identity.purpose == .apiserver {
        ranges += [.kubernetes, .compaction]
      }
      if !identity.isRoot {
        let permissions = segmentation.permissions(of: identity)
        ranges += permissions.readable.ranges + permissions.writable.ranges
      }
    }
    for user in state.users.values where !user.roles.contains(Role.root) {
      ranges += user.roles.flatMap { state.roles[$0] ?? [] }.map(\.grant.range)
    }
    return KeyRangeSet(ranges)
  }
}
