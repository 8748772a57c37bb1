/// A finding of lint, preflight or verify that the file accepts until a day.
package struct AcceptedFinding: Hashable, Sendable {
  /// The id of a rule, or an id or alias of an advisory.
  package var id: String
  /// The one place that is meant, as findings name it: `member etcd-1`, `user alice`; nil for all places.
  package var subject: String?
  /// Why it is accepted, for people who review the file.
  package var why: String
  /// The last day on which it is accepted.
  package var until: CalendarDay

  package init(id: String, subject: String? = nil, why: String, until: CalendarDay) {
    self.id = id
    self.subject = subject
    self.why = why
    self.until = until
  }

  /// For messages: `PF012 (member etcd-1)`.
  package var title: String { id + (subject.map { " (\($0))" } ?? "") }
}

/// What is accepted in one run: the entries of the file that have not ended, and the options of the command line.
package struct Acceptances: Hashable, Sendable {
  /// Why a finding does not count.
  package struct Reason: Hashable, Sendable {
    /// The `why` of the file; nil for an option of the command line.
    package let why: String?
    /// The last day; nil for an option of the command line, which concerns one run.
    package let until: CalendarDay?

    /// `accepted until 2027-03-01: update is planned`.
    package var words: String {
      "accepted" + (until.map { " until \($0)" } ?? " with --accept") + (why.map { ": \($0)" } ?? "")
    }
  }

  private let inForce: [AcceptedFinding]
  /// The entries of the file whose last day is over: these findings count again.
  package let ended: [AcceptedFinding]
  private let options: [String]

  /// - Parameters:
  ///   - file: The entries of the file.
  ///   - options: The ids that the command line accepts.
  ///   - today: The day of the run.
  package init(_ file: [AcceptedFinding] = [], options: [String] = [], today: CalendarDay) {
    inForce = file.filter { $0.until >= today }
    ended = file.filter { $0.until < today }
    self.options = options
  }

  private init() { (inForce, ended, options) = ([], [], []) }

  /// Accepts nothing.
  package static let none = Acceptances()

  /// Accepts these ids, as `--accept` does.
  package init(options: [String]) { (inForce, ended, self.options) = ([], [], options) }

  /// Why a finding is accepted; nil if it is not.
  /// - Parameters:
  ///   - names: Its rule's id, and the id and aliases of its advisory. Case does not matter.
  ///   - subject: Where it was found; an entry for another place does not accept it.
  package func reason(for names: [String], at subject: String) -> Reason? {
    let names = Set(names.map { $0.lowercased() })
    let entry = inForce.first { entry in
      names.contains(entry.id.lowercased()) && (entry.subject.map { $0 == subject } ?? true)
    }
    if let entry { return Reason(why: entry.why, until: entry.until) }
    return options.contains { names.contains($0.lowercased()) } ? Reason(why: nil, until: nil) : nil
  }
}
