import Errors
import Etcd
import FoundationEssentials

/// The known vulnerabilities of etcd: those that are compiled in, and those of files.
package struct AdvisoryList: Hashable, Sendable {
  package private(set) var all: [Advisory]
  /// The last day for which the compiled-in list is known to be complete, `2026-11-28`.
  package let knownOn: String
  /// The latest day on which a record of a file was modified; nil without a file.
  package private(set) var fileKnownOn: String?
  /// The advisories of which a file lists fewer releases than the list before it.
  package private(set) var narrowed: [String] = []

  /// The list that is compiled in: etcd's security advisories, and faults without a CVE number that bypass
  /// the permission check, or that authentication brings out (etcd, CHANGELOG-3.4 to CHANGELOG-3.7; those of
  /// 2026 were reproduced on 3.4.23 and 3.5.1).
  /// - Throws: ``AdvisoryFileFault``, which a test rules out.
  package static func embedded() throws(AdvisoryFileFault) -> AdvisoryList {
    let file = try read(PackageResources.advisories_json)
    return AdvisoryList(all: try advisories(file.records), knownOn: file.knownOn ?? "an unknown day")
  }

  /// Adds the advisories of a file: one OSV record, a list of them, or an answer of osv.dev with `vulns`. A
  /// record with a known id or alias replaces the affected releases; what only Bulkhead records of it stays.
  /// - Throws: ``AdvisoryFileFault``, also for a record whose names belong to two known advisories: accepting one of
  ///   them would accept the other.
  package mutating func add(_ bytes: [UInt8]) throws(AdvisoryFileFault) {
    let file = try Self.read(bytes)
    let added = try Self.advisories(file.records)
    guard !added.isEmpty else { throw .noAdvisory }
    for advisory in added {
      let names = [advisory.id] + advisory.aliases
      let same = all.indices.filter { index in names.contains(where: all[index].isNamed) }
      guard same.count < 2 else { throw .severalKnown(advisory.id, same.map { all[$0].title }) }
      if let index = same.first {
        let known = all[index]
        if known.boundaries.contains(where: { known.affects($0) && !advisory.affects($0) }) {
          narrowed.append(known.title)
        }
        all[index] = Advisory(
          id: known.id, aliases: known.aliases + names.filter { !known.isNamed($0) }, effect: known.effect,
          kind: known.kind, condition: known.condition, breaksAuthentication: known.breaksAuthentication,
          intervals: advisory.intervals, versions: advisory.versions)
      } else {
        all.append(advisory)
      }
    }
    let days = file.records.compactMap { $0.modified.map { String($0.prefix(10)) } }
    fileKnownOn = ([fileKnownOn].compactMap { $0 } + days).max()
  }

  /// The advisory with this id or alias.
  package subscript(name: String) -> Advisory? { all.first { $0.isNamed(name) } }

  /// The latest day of the list.
  package var latestDay: String { max(knownOn, fileKnownOn ?? knownOn) }

  /// How old the list is, in days; nil if its day is not understood.
  package func age(on now: Date) -> Int? {
    guard let day = try? Date("\(latestDay)T00:00:00Z", strategy: .iso8601) else { return nil }
    return Int(now.timeIntervalSince(day) / 86_400)
  }

  private struct File: Decodable {
    let knownOn: String?
    let records: [OSVRecord]

    private enum CodingKeys: String, CodingKey {
      case knownOn = "known_on"
      case records = "vulns"
    }
  }

  private static func read(_ bytes: [UInt8]) throws(AdvisoryFileFault) -> (
    knownOn: String?, records: [OSVRecord]
  ) {
    let (data, decoder) = (Data(bytes), JSONDecoder())
    if let file = try? decoder.decode(File.self, from: data) { return (file.knownOn, file.records) }
    if let records = try? decoder.decode([OSVRecord].self, from: data) { return (nil, records) }
    if let record = try? decoder.decode(OSVRecord.self, from: data) { return (nil, [record]) }
    throw .notOSV
  }

  private static func advisories(_ records: [OSVRecord]) throws(AdvisoryFileFault) -> [Advisory] {
    var advisories: [Advisory] = []
    for record in records { if let advisory = try record.advisory() { advisories.append(advisory) } }
    return advisories
  }
}

/// Why a file of advisories cannot be used.
package enum AdvisoryFileFault: ExplainedError, Hashable, Sendable {
  case notOSV
  case noAdvisory
  case version(String, of: String)
  case day(String, of: String)
  /// No affected release could be read from the record.
  case noReleases(String)
  /// The names of one record belong to several known advisories.
  case severalKnown(String, [String])

  package var description: String {
    switch self {
    case .notOSV: "the advisories are not in the format of OSV"
    case .noAdvisory: "the advisories do not concern the etcd server"
    case .version(let version, let id):
      "the advisory \(id) has the version '\(version)', which is not understood"
    case .day(let day, let id): "the advisory \(id) was modified on '\(day)', which is not a date"
    case .noReleases(let id): "no affected release of etcd can be read from the advisory \(id)"
    case .severalKnown(let id, let titles):
      "the advisory \(id) has names of different vulnerabilities: \(titles.joined(separator: "; "))"
    }
  }

  package var hint: String? {
    if case .noReleases = self {
      return
        "give its record from osv.dev: it has ranges of type SEMVER, or ECOSYSTEM for Go, or a list of versions"
    }
    if case .severalKnown = self { return "give one record for each vulnerability" }
    return
      "give a record of OSV, a list of records, or an answer of https://api.osv.dev/v1/query for the package "
      + "go.etcd.io/etcd/server/v3"
  }
}
