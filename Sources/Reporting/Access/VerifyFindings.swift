import Etcd
import Keyspace
import Segmentation
import Verification

/// The rules of verify, and what a run found by them.
package enum VerifyRules {
  static let stored = rule(
    "VF001", .error, "users or roles in etcd differ from the file",
    "a client may do what the file does not give it, or is refused",
    "run 'bulkhead plan' and 'bulkhead apply'")
  static let foreign = rule(
    "VF002", .info, "etcd has users or roles that the file does not name",
    "no client reaches the keys of the file through them", "name them in the file, or delete them")
  static let unread = rule(
    "VF003", .error, "the users and roles of a member were not read",
    "each member enforces what it stores itself", "make the member reachable from here, and try again")
  static let wrong = rule(
    "VF004", .error, "an answer is not the expected one",
    "a member does not enforce the segmentation", "compare the users and roles with 'bulkhead plan --full'")
  static let unanswered = rule(
    "VF005", .error, "a question has no answer", "what the identity may do there is unknown",
    "run verify again when the member answers")
  static let gateway = rule(
    "VF006", .error, "a user with a password cannot log in through the JSON gateway",
    "its client uses the gateway", "see Documentation/file.md, 'Users with passwords'")
  static let notProbed = rule(
    "VF007", .error, "an identity was not probed", "what it may do is known from the stored roles only",
    "put its certificate on this machine, or give --issue")
  static let unreachable = rule(
    "VF008", .error, "a member is unreachable", "nothing is known of this member",
    "start it or make it reachable from here, or remove it from the cluster")
  static let changed = rule(
    "VF009", .error, "users, roles or authentication changed during the run",
    "some answers may be about another state", "run verify again")
  static let open = rule(
    "VF010", .error, "a vulnerability was seen open", "the grants are not enforced", "update etcd")
  static let listed = rule(
    "VF011", .warning, "the release of a member has a known vulnerability",
    "a client may do what it was not granted, or stop a member", "update etcd")
  static let peerPort = rule(
    "VF012", .error, "a peer port admits clients",
    "its holder can write every key and make itself an administrator",
    "give the peers an authority of their own (--peer-trusted-ca-file)")
  static let disagreement = rule(
    "VF013", .error, "the members do not hold the same", "each member enforces what it holds itself",
    "bring back the member")
  static let alarm = rule(
    "VF014", .error, "an alarm is active under which permissions are not checked",
    "no permission of a write or of a change of users is checked",
    "see 'etcdctl alarm list', remove the cause, then 'etcdctl alarm disarm'")
  static let unknownAlarms = rule(
    "VF015", .error, "whether an alarm is active is unknown",
    "while an alarm is active, members before etcd 3.6 check no permissions", "see 'etcdctl alarm list'")
  static let nothing = rule(
    "VF016", .error, "no question was asked", "nothing is known of what the members enforce",
    "put certificates on this machine ('bulkhead certs issue'), or give --issue")
  static let notLookedFor = rule(
    "VF017", .error, "no vulnerability was looked for",
    "the identities that were asked may make each request that would show one",
    "ask with an identity that is limited, or run verify without --identity")
  static let brokenRule = rule(
    "VF018", .error, "a rule of the file does not hold", "the file promises it",
    "narrow the grant that is named, or change the rule if it no longer holds")
  static let ended = rule(
    "VF019", .warning, "an accepted finding has ended", "its last day is over, so the finding counts again",
    "remove the cause and the entry of 'accept', or set a new last day after a review")

  static let plainURL = rule(
    "VF020", .error, "a member offers clients a URL without TLS",
    "there etcd asks no client for a certificate",
    "advertise and listen on https:// URLs only")
  static let authOff = rule(
    "VF021", .error, "authentication is off at a member", "every client may do everything there",
    "turn it on with 'bulkhead apply --enable-auth'")
  static let ofOthers = rule(
    "VF022", .info, "a user that other people manage reaches the keys of the file",
    "it is not counted: the file protects it, another file manages it, or 'bulkhead access' gave it for a time",
    "look at what it may do; without 'protect', the record or the access it would be an error")

  /// Every rule, in the order of the ids.
  package static let all = [
    stored, foreign, unread, wrong, unanswered, gateway, notProbed, unreachable, changed, open, listed,
    peerPort, disagreement, alarm, unknownAlarms, nothing, notLookedFor, brokenRule, ended, plainURL,
    authOff, ofOthers,
  ]

  private static func rule(
    _ id: String, _ severity: FindingSeverity, _ title: String, _ meaning: String, _ cure: String
  ) -> CheckRule {
    CheckRule(id: id, severity: severity, title: title, meaning: meaning, cure: cure)
  }
}

extension VerifyReport {
  /// Everything that a run found. The segmentation is in force if no error is among what is not accepted.
  static func findings(_ report: Parts, _ acceptances: Acceptances) -> [CheckFinding] {
    func finding(
      _ rule: CheckRule, _ subject: String, _ message: String, cure: String? = nil, details: [String] = []
    ) -> CheckFinding {
      CheckFinding(rule, subject, message, cure: cure, details: details, accepting: acceptances)
    }
    let assessment = report.assessment
    var all = report.stored.map { difference in
      finding(
        difference.breaksSegmentation
          ? VerifyRules.stored : difference.isExempt ? VerifyRules.ofOthers : VerifyRules.foreign,
        difference.subject,
        "\(difference.kind): \(difference.meaning) (\(difference.members.joined(separator: ", ")))",
        cure: difference.cure)
    }
    all += report.unread.map { finding(VerifyRules.unread, "member \($0.member)", $0.problem) }
    for (rule, found) in [(VerifyRules.wrong, report.wrong), (VerifyRules.unanswered, report.inconclusive)] {
      for (user, entries) in found.groupedInOrder(by: \.identity) {
        let questions = entries.map { entry in
          "\(entry.question) at \(entry.endpoint): expected \(entry.expected), got \(entry.got)"
            + (entry.gotThen.map { ", then \($0)" } ?? "")
        }
        all.append(
          finding(
            rule, "user \(user)", questions[0] + (entries.count > 1 ? " and \(entries.count - 1) more" : ""),
            cure: entries.lazy.compactMap(\.cure).first, details: Array(questions.prefix(30))))
      }
    }
    all += report.gateway.filter(\.isFailure).map { login in
      finding(VerifyRules.gateway, "user \(login.identity)", "\(login.member): \(login.answer)")
    }
    all += report.notProbed.map { finding(VerifyRules.notProbed, "user \($0.user)", $0.reason) }
    all += assessment.unreachable.map {
      finding(VerifyRules.unreachable, "member \($0)", "\($0) is unreachable")
    }
    if let change = report.changedMeanwhile { all.append(finding(VerifyRules.changed, "", change)) }
    all += vulnerabilities(report, acceptances)
    all += report.trust.openPeerPorts.map { finding(VerifyRules.peerPort, "", "the peer port \($0)") }
    all += assessment.plainURLs.map { finding(VerifyRules.plainURL, "member \($0.member)", $0.url) }
    if let refusal = assessment.agreement?.refusal {
      all.append(finding(VerifyRules.disagreement, "", "\(refusal)", cure: refusal.hint))
    }
    if !assessment.alarms.isEmpty, !assessment.withoutPermissionsUnderAlarm.isEmpty {
      all.append(
        finding(
          VerifyRules.alarm, "",
          "\(report.trust.alarms.joined(separator: ", ")): \(report.trust.alarmMeaning ?? "")"))
    }
    if let problem = assessment.alarmsUnknown { all.append(finding(VerifyRules.unknownAlarms, "", problem)) }
    if report.probes == 0 || assessment.members.isEmpty {
      all.append(finding(VerifyRules.nothing, "", VerifyRules.nothing.title))
    }
    if report.noVulnerabilityLookedFor,
      report.trust.vulnerabilities.contains(where: { $0.isWayPastGrants && !$0.isAccepted })
    {
      all.append(finding(VerifyRules.notLookedFor, "", VerifyRules.notLookedFor.title))
    }
    for entry in report.rules where !entry.result.holds {
      all.append(
        finding(
          VerifyRules.brokenRule, "rule \(entry.result.rule.name)",
          "\(entry.result.rule.sentence), and this does not hold in \(entry.place)",
          details: entry.result.violations.map(\.sentence) + ["the rule's reason: \(entry.result.rule.why)"]))
    }
    all += acceptances.ended.map { entry in
      finding(VerifyRules.ended, "", "\(entry.title) was accepted until \(entry.until): \(entry.why)")
    }
    return all
  }

  private static func vulnerabilities(_ report: Parts, _ acceptances: Acceptances) -> [CheckFinding] {
    report.assessment.vulnerabilities.map { vulnerability in
      let advisory = vulnerability.advisory
      return CheckFinding(
        vulnerability.isSeenOpen ? VerifyRules.open : VerifyRules.listed, vulnerability.subject,
        "\(advisory.title): \(advisory.effect)",
        severity: vulnerability.isSeenOpen ? nil : vulnerability.isWayPastGrants ? nil : .info,
        cure: advisory.remedy, advisory: advisory.id, aliases: advisory.aliases, accepting: acceptances)
    }
  }
}
