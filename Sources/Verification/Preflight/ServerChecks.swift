import Etcd
import Segmentation

/// What the members show.
enum ServerChecks {
  static func findings(_ assessment: ServerAssessment) -> [PreflightFinding] {
    var findings: [PreflightFinding] = []
    for member in assessment.members { findings += self.findings(member) }
    for note in assessment.cluster?.notes ?? [] {
      switch note {
      case .learner(let name):
        findings.append(PreflightFinding(.learner, "member \(name)", note.description))
      case .unreachable(let name, _):
        findings.append(PreflightFinding(.unreachable, "member \(name)", note.description))
      case .ignoresCertificates(let name):
        findings.append(PreflightFinding(.ignoresCertificates, "member \(name)", note.description))
      case .plainHTTP(let name, _):
        findings.append(PreflightFinding(.plainHTTP, "member \(name)", note.description))
      case .notInFile, .severalEndpoints, .balanced, .notListed, .notAdvertised, .silentEndpoint:
        findings.append(PreflightFinding(.endpoints, note.description))
      }
    }
    for alarm in assessment.alarms {
      let unchecked = assessment.withoutPermissionsUnderAlarm
      findings.append(
        PreflightFinding(
          .alarm,
          "the alarm \(alarm.kind.rawValue) is active: "
            + (unchecked.isEmpty
              ? "these releases check permissions all the same, but NOSPACE refuses writes"
              : "\(unchecked.joined(separator: ", ")) \(unchecked.count == 1 ? "checks" : "check") no permissions of writes and of changes of users")
        ))
    }
    if let problem = assessment.alarmsUnknown { findings.append(PreflightFinding(.unknownAlarms, problem)) }
    if let refusal = assessment.agreement?.refusal {
      findings.append(PreflightFinding(.disagreement, "\(refusal)", cure: refusal.hint))
    } else if let agreement = assessment.agreement {
      if case .unknown(let reason) = agreement.authRevision {
        findings.append(PreflightFinding(.unknownAgreement, "users and roles were not compared: \(reason)"))
      }
      if case .unknown(let reason) = agreement.keyValueHash {
        findings.append(PreflightFinding(.unknownAgreement, "keys were not compared: \(reason)"))
      }
    }
    return findings + assessment.peerPorts.compactMap(finding) + vulnerabilities(assessment)
  }

  private static func findings(_ member: ServerAssessment.Member) -> [PreflightFinding] {
    let subject = "member \(member.name)"
    var findings: [PreflightFinding] = []
    switch member.space {
    case .near:
      findings.append(
        PreflightFinding(.nearlyFull, subject, "nearly full: \(member.name), \(member.space.description)"))
    case .unknown:
      findings.append(
        PreflightFinding(
          .unknownSpace, subject, "the store of \(member.name) has \(member.space.description)"))
    case .enough: break
    }
    if let problem = member.grpcOnly {
      findings.append(
        PreflightFinding(
          .grpcOnly, subject, "\(member.endpoint) of \(member.name) answers no HTTP: \(problem)"))
    }
    return findings
  }

  private static func finding(_ port: ServerAssessment.PeerPort) -> PreflightFinding? {
    let subject = "member \(port.member)"
    let place = "the peer port \(port.url) of \(port.member)"
    return switch port.answer {
    case .admitsClient: PreflightFinding(.peerPort, subject, "\(place) admits a client's certificate")
    case .admitsAnyone: PreflightFinding(.peerPort, subject, "\(place) admits clients without a certificate")
    case .unknown(let reason):
      PreflightFinding(.unknownPeerPort, subject, "\(place) could not be asked: \(reason)")
    case .refused: nil
    }
  }

  private static func vulnerabilities(_ assessment: ServerAssessment) -> [PreflightFinding] {
    assessment.vulnerabilities.compactMap { vulnerability in
      let advisory = vulnerability.advisory
      if advisory.breaksAuthentication {
        return PreflightFinding(
          .breaksAuthentication, vulnerability.subject, "\(advisory.title): \(advisory.effect)",
          cure: advisory.remedy, advisory: advisory)
      }
      let condition: String
      switch vulnerability.state {
      case .conditional(let text): condition = ", if \(text)"
      case .seenClosed, .seenOpen, .listed: condition = ""
      }
      return PreflightFinding(
        .vulnerability, vulnerability.subject, "\(advisory.title): \(advisory.effect)\(condition)",
        cure: advisory.remedy,
        severity: !vulnerability.isWayPastGrants ? .info : advisory.condition == nil ? nil : .warning,
        advisory: advisory)
    }
  }
}
