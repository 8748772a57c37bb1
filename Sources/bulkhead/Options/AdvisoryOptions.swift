import Arguments
import Files
import FoundationEssentials
import Terminal
import Verification

/// Which vulnerabilities of etcd are known, and which are accepted.
struct AdvisoryOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Newer advisories of etcd than those that are compiled in, in OSV's format.", valueName: "file"))
  var advisories: String?

  @Option(
    help: ArgumentHelp(
      "A finding or advisory that does not count in this run, by its id, such as GHSA-xg4h-6gfc-h4m8; may be repeated. 'accept' in the file does so until a day.",
      valueName: "id"))
  var accept: [String] = []

  /// After so many days the list is called old.
  private static let freshDays = 60

  /// The compiled-in list and the file's.
  /// - Parameter otherIDs: What `--accept` may name beside advisories.
  func list(otherIDs: [String] = []) throws -> AdvisoryList {
    var list = try AdvisoryList.embedded()
    if let advisories { try list.add(FileContents.read(advisories)) }
    for title in list.narrowed {
      Console.note(
        """
        warning: \(advisories ?? "the file") lists fewer releases with \(title) than Bulkhead does; the file counts
        hint: check the record, or leave it out
        """)
    }
    for id in accept where list[id] == nil && !otherIDs.contains(id.uppercased()) {
      throw ValidationError("--accept \(id) names no known advisory or finding")
    }
    if let age = list.age(on: Date()), age > Self.freshDays {
      Console.note(
        """
        note: the list of etcd's vulnerabilities is of \(list.latestDay), \(age) days old
        hint: give newer ones with --advisories, or update bulkhead
        """)
    }
    return list
  }
}
