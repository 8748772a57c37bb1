import Segmentation

/// A rule of lint, preflight or verify.
package struct CheckRule: Hashable, Sendable {
  package let id: String
  package let severity: FindingSeverity
  /// What is found, in a few words.
  package let title: String
  /// Why it matters.
  package let meaning: String
  /// What to do about it.
  package let cure: String
}

/// One occurrence of a rule of lint, preflight or verify: the form that all machine-readable results share.
package struct CheckFinding: Codable, Hashable, Sendable {
  package let id: String
  package let severity: FindingSeverity
  package let title: String
  /// `member etcd-1`, `user alice`, `rule tiers`; empty for the cluster.
  package let subject: String
  /// One sentence without a full stop.
  package let message: String
  package let meaning: String
  package let cure: String
  /// More about it, one entry for each line.
  package var details: [String] = []
  /// The vulnerability, if it is about one.
  package var advisory: String?
  /// Whether `accept` of the file or `--accept` names it; it does not count then.
  package var isAccepted: Bool { acceptance != nil }
  /// Until when and why it is accepted; nil if it is not.
  package var acceptance: String?

  package init(
    _ rule: CheckRule, _ subject: String, _ message: String, severity: FindingSeverity? = nil,
    cure: String? = nil, details: [String] = [], advisory: String? = nil, aliases: [String] = [],
    accepting acceptances: Acceptances
  ) {
    id = rule.id
    self.severity = severity ?? rule.severity
    title = rule.title
    self.subject = subject
    self.message = message
    meaning = rule.meaning
    self.cure = cure ?? rule.cure
    self.details = details
    self.advisory = advisory
    let names = [rule.id] + (advisory.map { [$0] } ?? []) + aliases
    acceptance = acceptances.reason(for: names, at: subject)?.words
  }

  /// The same finding with what is accepted on another day. An acceptance by `--accept`, or by a name that is not in the
  /// saved form, stays until its last day.
  func accepted(by acceptances: Acceptances, on today: CalendarDay) -> CheckFinding {
    var finding = self
    let names = [id] + (advisory.map { [$0] } ?? [])
    if let reason = acceptances.reason(for: names, at: subject) {
      finding.acceptance = reason.words
    } else if let last = lastDayAccepted, last < today {
      finding.acceptance = nil
    }
    return finding
  }

  /// The last day of an acceptance by the file; nil for `--accept`, which names none.
  private var lastDayAccepted: CalendarDay? {
    let prefix = "accepted until "
    guard let acceptance, acceptance.hasPrefix(prefix) else { return nil }
    return CalendarDay(String(acceptance.dropFirst(prefix.count).prefix(10)))
  }

  private enum CodingKeys: String, CodingKey {
    case id, severity, title, subject, message, meaning, cure, details, advisory, isAccepted, acceptance
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    id = try values.decode(String.self, forKey: .id)
    severity = try values.decode(FindingSeverity.self, forKey: .severity)
    title = try values.decode(String.self, forKey: .title)
    subject = try values.decode(String.self, forKey: .subject)
    message = try values.decode(String.self, forKey: .message)
    meaning = try values.decode(String.self, forKey: .meaning)
    cure = try values.decode(String.self, forKey: .cure)
    details = try values.decodeIfPresent([String].self, forKey: .details) ?? []
    advisory = try values.decodeIfPresent(String.self, forKey: .advisory)
    acceptance = try values.decodeIfPresent(String.self, forKey: .acceptance)
  }

  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(id, forKey: .id)
    try values.encode(severity, forKey: .severity)
    try values.encode(title, forKey: .title)
    try values.encode(subject, forKey: .subject)
    try values.encode(message, forKey: .message)
    try values.encode(meaning, forKey: .meaning)
    try values.encode(cure, forKey: .cure)
    if !details.isEmpty { try values.encode(details, forKey: .details) }
    try values.encodeIfPresent(advisory, forKey: .advisory)
    try values.encode(isAccepted, forKey: .isAccepted)
    try values.encodeIfPresent(acceptance, forKey: .acceptance)
  }
}

/// What one run of a check found, with the rules that it looked at: for SARIF and JUnit.
package struct CheckResult: Sendable {
  /// The verb: `lint`.
  package let check: String
  /// The segmentation file, beside which code hosts show the findings.
  package let file: String
  package let rules: [CheckRule]
  package let findings: [CheckFinding]
  /// The least severity that counts.
  package let counted: FindingSeverity
  /// Why rules were not looked at, by their ids; without a finding, they do not pass.
  package let notAsked: [String: String]
  /// The options that limited what was asked; empty for everything.
  package let limits: [String]

  package init(
    check: String, file: String, rules: [CheckRule], findings: [CheckFinding], counting: FindingSeverity,
    notAsked: [String: String] = [:], limits: [String] = []
  ) {
    self.check = check
    self.file = file
    self.rules = rules
    self.findings = findings
    counted = counting
    self.notAsked = notAsked
    self.limits = limits
  }

  func counts(_ finding: CheckFinding) -> Bool { !finding.isAccepted && finding.severity >= counted }
}

/// A report whose findings can be printed for machines.
package protocol CheckReport: TextReport {
  /// - Parameters:
  ///   - file: The segmentation file.
  ///   - severity: The least severity that counts.
  func result(file: String, counting severity: FindingSeverity) -> CheckResult
}
