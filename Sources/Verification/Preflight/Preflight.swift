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
    /// The Common Names of shared certificates that programs use and that the file may not name.
    package var shared: [String] = []
    /// What keys begin with that no user but administrators has to reach.
    package var unreachable: [Key] = []
    /// Refusals that are no lock-out.
    package var knownRefusals: [KnownRefusal] = []
    package var certificates: [CertificateInUse] = []
    /// The prefix of each kube-apiserver that was found, by pod: `/registry`.
    package var etcdPrefixes: [String: String] = [:]
    /// The users and roles that the file protects, and those of other files: other people manage them.
    package var protected = Protection()
    /// The file, whose rules are checked in what the members store.
    package var file: SegmentationFile?
    /// The accepted findings of the file whose last day is over.
    package var endedAcceptances: [AcceptedFinding] = []

    package init() {}

    /// The command that gives the users of the file their access. Where programs share a certificate, it takes nothing
    /// away.
    static func preparation(shared: [String]) -> String {
      shared.isEmpty
        ? "bulkhead apply" : "bulkhead apply --stage prepare" + shared.map { " --shared \($0)" }.joined()
    }
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
        .obstacles(
          EnableAuth.Request(applicant: applicant, desired: desired, unreachable: knowledge.unreachable),
          state: state, members)
      let prepare = Knowledge.preparation(shared: knowledge.shared)
      findings += obstacles.compactMap {
        // These are found with authentication on too.
        switch $0 {
        case .alarmIsActive, .unreachable, .plainHTTP, .keysWouldBeUnreached: nil
        case .noRootUser, .rootLacksRole:
          PreflightFinding(
            .obstacle, "\($0)", cure: "run '\(prepare)' first, which makes the user root with the role root")
        default: PreflightFinding(.obstacle, "\($0)", cure: $0.hint)
        }
      }
      findings += EnableAuth.consequences.map {
        PreflightFinding(.changes, "once authentication is on, \($0)")
      }
    }
    findings += UserChecks.findings(desired, state, knowledge)
    // Each member enforces what it stores itself. The passwords were tried above.
    let stored = await StoredComparison.of(
      assessment.members, etcd, segmentation, tryingPasswords: false, protecting: knowledge.protected)
    findings += await openElsewhere(etcd, assessment.members, state)
    findings += StoredChecks.findings(stored, knowledge) + FileChecks.findings(stored, knowledge)
    findings += try await certificates(
      of: assessment,
      Set(state.users.keys).union(desired.users.map(\.name))
        .union(knowledge.shared), as: credentials)
    findings += KeyChecks.prefixes(knowledge, segmentation)
    findings += KeyChecks.findings(
      try await UnreachedKeys.find(etcd, desired, state, allowing: knowledge.unreachable),
      authEnabled: state.authEnabled)
    findings += knowledge.knownRefusals.map { known in
      PreflightFinding(
        .knownRefusal, known.sender, "once authentication is on, etcd refuses that \(known.words)",
        cure: known.cure)
    }
    findings += APIServerChecks.findings(segmentation, assessment)
    findings += try await NodeNames.findings(etcd, segmentation)
    return Preflight(
      authEnabled: state.authEnabled, asked: assessment.cluster?.asked ?? "", findings: findings)
  }

  /// Users that accept the empty password at some member and not where `state` was read: members that were restored from
  /// different snapshots may store different passwords. Not tried for many users, because each attempt is a line in a log.
  private static func openElsewhere(
    _ etcd: EtcdClient, _ members: [ServerAssessment.Member], _ state: ClusterState
  ) async -> [PreflightFinding] {
    let users = state.users.filter { !$0.value.acceptsEmptyPassword }.keys.sorted()
    guard state.authEnabled, members.count > 1, users.count <= ClusterState.mostLoginsEverywhere else {
      return []
    }
    var findings: [PreflightFinding] = []
    for member in members {
      do throws(EtcdError) {
        for user in users {
          guard try await etcd.only(member.endpoint).tryEmptyPassword(ofUser: user) == .open else { continue }
          findings.append(
            PreflightFinding(
              .emptyPassword, "user \(user)",
              "the user '\(user)' accepts the empty password at \(member.name)"))
        }
      } catch {
        findings.append(
          PreflightFinding(
            .untriedPassword, "member \(member.name)",
            "the empty password was not tried for each user at \(member.name): \(error)",
            cure: "run preflight again when the member answers"))
      }
    }
    return findings
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
    let exempt = knowledge.protected.exempt(in: state)
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
            cure: knowledge.shared.contains(name)
              ? "leave it while programs use the shared certificate: 'bulkhead apply --stage clean --shared \(name)' "
                + "removes it at the end" : nil,
            severity: exempt[name] != nil || knowledge.shared.contains(name) ? .warning : nil))
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
    _ desired: DesiredState, _ state: ClusterState, shared: [String]
  ) -> [PreflightFinding] {
    let cure = "run '\(Preflight.Knowledge.preparation(shared: shared))'"
    func finding(_ user: String, _ reason: String) -> PreflightFinding {
      PreflightFinding(.lockedOut, "user \(user)", "locked out: \(user), \(reason)", cure: cure)
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
    for shared in shared
    where !desired.users.contains(where: { $0.name == shared }) && state.users[shared] == nil {
      found.append(
        PreflightFinding(
          .lockedOut, "user \(shared)",
          "locked out: \(shared), the shared certificate's, the user does not exist",
          cure: cure))
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
    stored.differences.filter { difference in
      // What all members have is reported from the users and roles of one.
      let isEverywhere = difference.members.count == stored.members.count
      return difference.breaksSegmentation
        && !(difference.kind == Drift.Kind.missing.rawValue && isEverywhere)
        && !(difference.kind == Drift.Kind.foreignUser.rawValue
          && (difference.isAdministrator && isEverywhere || knowledge.shared.contains(difference.name)))
    }.map { difference in
      PreflightFinding(
        .storedDifference, difference.subject,
        "\(difference.subject): \(difference.kind): \(difference.meaning) (\(difference.members.joined(separator: ", ")))",
        cure: stored.wayBack(difference)
          ?? (difference.kind == Drift.Kind.foreignUser.rawValue
            ? "find out who uses it, and revoke what it does not need, or list it under 'protect'" : nil))
    }
      + stored.unread.map { unread in
        PreflightFinding(
          .storedDifference, "member \(unread.member)",
          "the users and roles of the member \(unread.member) were not read: \(unread.problem)",
          cure: "make the member reachable from here, and try again")
      }
  }
}

/// What the file sets for itself.
enum FileChecks {
  static func findings(_ stored: StoredComparison, _ knowledge: Preflight.Knowledge) -> [PreflightFinding] {
    let results = knowledge.file.map(stored.ruleResults) ?? []
    return results.filter { !$0.result.holds }.map { place, result in
      let first = result.violations.first.map { ": \($0.sentence)" } ?? ""
      let more = result.count > 1 ? ", and \(result.count - 1) more" : ""
      return PreflightFinding(
        .brokenRule, "rule \(result.rule.name)",
        "\(result.rule.sentence), and this does not hold in \(place)\(first)\(more)")
    }
      + knowledge.endedAcceptances.map { entry in
        PreflightFinding(
          .endedAcceptance, "\(entry.title) was accepted until \(entry.until): \(entry.why)")
      }
  }
}

/// What the keys show.
enum KeyChecks {
  /// Keys that only administrators can reach once authentication is on.
  static func findings(_ unreached: UnreachedKeys, authEnabled: Bool) -> [PreflightFinding] {
    func words(_ segment: FirstSegment) -> String {
      "\(segment.range): \(segment.keys == 1 ? "1 key" : "\(segment.keys) keys")"
        + (segment.range.upper == nil ? " at most" : "")
        + ", and no user but administrators may read or write there"
    }
    var findings = unreached.segments.prefix(50).map { segment in
      PreflightFinding(
        .unreachedKeys, "keys \(segment.range)", words(segment), severity: authEnabled ? .warning : nil)
    }
    if unreached.segments.count > findings.count {
      findings.append(
        PreflightFinding(
          .unreachedKeys, "",
          "\(unreached.segments.count - findings.count) more beginnings of keys that only administrators reach",
          severity: authEnabled ? .warning : nil))
    }
    return findings
      + unreached.allowed.prefix(50).map { segment in
        PreflightFinding(
          .unreachedKeys, "keys \(segment.range)", "\(words(segment)), which --unreachable allows",
          severity: .info)
      }
  }

  /// The keys of kube-apiservers with another prefix than `/registry`, that no identity of the file may write.
  static func prefixes(_ knowledge: Preflight.Knowledge, _ segmentation: Segmentation) -> [PreflightFinding] {
    knowledge.etcdPrefixes.sorted { $0.key < $1.key }.compactMap { pod, prefix in
      let root = prefix.hasPrefix("/") ? prefix : "/\(prefix)"
      let range = KeyRange.prefix(Key(root.hasSuffix("/") ? root : "\(root)/"))
      let isCovered = segmentation.identities.contains { identity in
        (identity.purpose == .apiserver && range == segmentation.kubernetes)
          || (!identity.isRoot && segmentation.permissions(of: identity).allow(.readwrite, range))
      }
      return isCovered
        ? nil : PreflightFinding(.otherPrefix, "pod \(pod)", "\(pod) runs with --etcd-prefix=\(prefix)")
    }
  }
}
