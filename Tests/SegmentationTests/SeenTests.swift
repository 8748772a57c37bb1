import Catalogue
import Keyspace
import TestRecords
import Testing

/// `Sources/Catalogue/Data/seen.yaml` says what the records show, no more and no less.
@Suite(
  "what real programs were seen to use", .enabled(if: Records.arePresent, "../shared/truth is not there"))
struct SeenTests {
  private struct Use: Hashable {
    let component: String
    let keys: String
  }

  /// An entry counts as seen for a request if no narrower entry of the component allows it too.
  private func entries(
    _ component: Component, _ request: RecordedRequest, _ kind: Access, _ installation: Installation
  )
    -> [CatalogueEntry]
  {
    let fitting = component.corrected.compactMap { entry -> (CatalogueEntry, KeyRange)? in
      guard entry.condition.holds(for: installation), entry.access.contains(kind),
        let range = entry.pattern.range(for: installation, node: nil), range.contains(request.range)
      else { return nil }
      return (entry, range)
    }
    return fitting.filter { one in !fitting.contains { $0.1 != one.1 && one.1.contains($0.1) } }.map(\.0)
  }

  @Test("the data file has each entry that a recorded request used, with its releases")
  func data() throws {
    let catalogue = try Catalogue.embedded()
    var uses: [Use: (read: Set<CalicoRelease>, write: Set<CalicoRelease>)] = [:]
    for source in try RecordedUse.all() {
      guard let component = catalogue[source.component], source.request.allowed != false else { continue }
      let kind = try #require(source.request.kind)
      for entry in entries(component, source.request, kind, source.installation) {
        let use = Use(component: component.name, keys: entry.pattern.description)
        if kind == .read {
          uses[use, default: ([], [])].read.insert(source.installation.release)
        } else {
          uses[use, default: ([], [])].write.insert(source.installation.release)
        }
      }
    }
    var text = ""
    for component in catalogue.components {
      var keys: [String] = []
      for entry in component.corrected where !keys.contains(entry.pattern.description) {
        keys.append(entry.pattern.description)
      }
      let rows = keys.compactMap { keys in
        uses[Use(component: component.name, keys: keys)].map { use in
          "  - {keys: \"\(keys)\"\(list("read", use.read))\(list("write", use.write))}\n"
        }
      }
      if !rows.isEmpty { text += "\(component.name):\n\(rows.joined())" }
    }
    var wrong: [String] = []
    for component in catalogue.components {
      for entry in component.corrected {
        let use = uses[Use(component: component.name, keys: entry.pattern.description)]
        let holds = { (release: CalicoRelease) in
          (entry.condition.since.map { $0 <= release } ?? true)
            && (entry.condition.until.map { release <= $0 } ?? true)
        }
        let reading = (use?.read.sorted() ?? []).filter(holds)
        let writing = (use?.write.sorted() ?? []).filter(holds)
        if entry.seen.reading != reading || entry.seen.writing != writing {
          wrong.append("\(component.name) \(entry.pattern)")
        }
      }
    }
    #expect(wrong.isEmpty, "Sources/Catalogue/Data/seen.yaml should be:\n\(text)")
  }

  private func list(_ word: String, _ releases: Set<CalicoRelease>) -> String {
    releases.isEmpty ? "" : ", \(word): [\(releases.sorted().map(\.description).joined(separator: ", "))]"
  }
}
