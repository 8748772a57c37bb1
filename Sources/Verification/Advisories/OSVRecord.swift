import Etcd
import FoundationEssentials

/// A record of OSV, the format in which the Go vulnerability database, GitHub and osv.dev publish advisories
/// (https://ossf.github.io/osv-schema/), as far as Bulkhead uses it.
struct OSVRecord: Decodable {
  struct Affected: Decodable {
    struct Package: Decodable {
      let name: String
      let ecosystem: String?
    }
    struct Range: Decodable {
      struct Event: Decodable {
        let introduced: String?
        let fixed: String?
        let lastAffected: String?

        private enum CodingKeys: String, CodingKey {
          case introduced, fixed
          case lastAffected = "last_affected"
        }
      }
      let type: String
      let events: [Event]
    }
    let package: Package?
    let ranges: [Range]?
    let versions: [String]?
  }
  struct Specific: Decodable { let bulkhead: Own? }
  /// What the compiled-in records say beside OSV's fields.
  struct Own: Decodable {
    let kind: Advisory.Kind?
    let condition: String?
    let breaksAuthentication: Bool?
  }

  let id: String
  let modified: String?
  let withdrawn: String?
  let aliases: [String]?
  let summary: String?
  let details: String?
  let affected: [Affected]?
  let specific: Specific?

  private enum CodingKeys: String, CodingKey {
    case id, modified, withdrawn, aliases, summary, details, affected
    case specific = "database_specific"
  }

  /// The packages that contain the server: `go.etcd.io/etcd`, `go.etcd.io/etcd/v3`,
  /// `go.etcd.io/etcd/server/v3`, and the names before 2019. Clients and tools are other packages.
  private static func isServer(_ name: String) -> Bool {
    let name = name.lowercased()
    let roots = ["go.etcd.io/etcd", "github.com/etcd-io/etcd", "github.com/coreos/etcd"]
    guard let root = roots.first(where: name.hasPrefix) else { return false }
    let rest = name.dropFirst(root.count).split(separator: "/")
    return rest.allSatisfy { $0 == "server" || $0 == "v3" }
  }

  /// The advisory; nil if the record is withdrawn or is not about the server.
  /// - Throws: ``AdvisoryFileFault`` for a version that is not understood, and for a record from which no affected release
  ///   can be read: it must not make a vulnerability disappear.
  func advisory() throws(AdvisoryFileFault) -> Advisory? {
    guard !id.isEmpty else { throw .notOSV }
    if let modified, (try? Date("\(modified.prefix(10))T00:00:00Z", strategy: .iso8601)) == nil {
      throw .day(modified, of: id)
    }
    let parts = (affected ?? []).filter { Self.isServer($0.package?.name ?? "") }
    guard withdrawn == nil, !parts.isEmpty else { return nil }
    var intervals: [Advisory.Interval] = []
    for part in parts {
      // GitHub's records of Go modules call semantic versions ECOSYSTEM.
      let types = part.package?.ecosystem.map { $0 == "Go" } ?? false ? ["SEMVER", "ECOSYSTEM"] : ["SEMVER"]
      for range in part.ranges ?? [] where types.contains(range.type) {
        intervals += try self.intervals(range.events).filter(Self.isOfServer)
      }
    }
    guard !intervals.isEmpty || parts.contains(where: { !($0.versions ?? []).isEmpty }) else {
      throw .noReleases(id)
    }
    return Advisory(
      id: id, aliases: aliases ?? [], effect: effect, kind: specific?.bulkhead?.kind ?? .access,
      condition: specific?.bulkhead?.condition,
      breaksAuthentication: specific?.bulkhead?.breaksAuthentication ?? false, intervals: intervals,
      versions: Set(
        parts.flatMap { $0.versions ?? [] }.map { $0.hasPrefix("v") ? String($0.dropFirst()) : $0 }))
  }

  /// Whether the interval can contain a release of etcd's v3 API. The module `go.etcd.io/etcd` was published with
  /// pseudo-versions only, such as 0.5.0-alpha.5.0.20221102000833-1f054980bc27, which say nothing of releases.
  private static func isOfServer(_ interval: Advisory.Interval) -> Bool {
    let first = EtcdVersion(3, 0, 0)
    return interval.fixed.map { $0 > first } ?? true && interval.lastAffected.map { $0 >= first } ?? true
  }

  private var effect: String {
    let text = summary ?? details ?? ""
    let line = text.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
    return line.isEmpty ? "the advisory does not say what" : line
  }

  private func intervals(
    _ events: [Affected.Range.Event]
  ) throws(AdvisoryFileFault) -> [Advisory.Interval] {
    var found: [Advisory.Interval] = []
    for event in events {
      if let text = event.introduced {
        found.append(Advisory.Interval(introduced: try version(text == "0" ? "0.0.0" : text)))
      } else if let text = event.fixed, !found.isEmpty {
        found[found.count - 1].fixed = try version(text)
      } else if let text = event.lastAffected, !found.isEmpty {
        found[found.count - 1].lastAffected = try version(text)
      }
    }
    return found
  }

  private func version(_ text: String) throws(AdvisoryFileFault) -> EtcdVersion {
    guard let version = EtcdVersion(text.hasPrefix("v") ? String(text.dropFirst()) : text) else {
      throw .version(text, of: id)
    }
    return version
  }
}
