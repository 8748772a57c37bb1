import YAML

/// The Calico releases with which etcd was seen to check a real program's access to the keys of an entry, and to allow
/// it. An entry that was never seen was only read in the source.
package struct Seen: Hashable, Sendable {
  package var reading: [CalicoRelease] = []
  package var writing: [CalicoRelease] = []

  package init() {}

  package var isEmpty: Bool { reading.isEmpty && writing.isEmpty }

  /// `read v3.26, v3.32; write v3.32`; `never` if empty.
  package var text: String {
    let parts = [("read", reading), ("write", writing)].filter { !$0.1.isEmpty }.map { word, releases in
      "\(word) \(releases.map(\.description).joined(separator: ", "))"
    }
    return parts.isEmpty ? "never" : parts.joined(separator: "; ")
  }
}

/// What was seen of each component: the file `seen.yaml`, by component and by the pattern of the entry.
struct SeenEntries {
  private var entries: [String: [String: Seen]] = [:]

  init() {}

  /// - Throws: ``CatalogueError`` for anything but known components, lists of entries and known releases.
  init(_ text: String, file: String) throws(CatalogueError) {
    guard let components = try yamlRoot(text, file: file).mapping else {
      throw CatalogueError(
        "a mapping was expected", hint: "write a component and its entries", file: file, line: 1)
    }
    for (name, list) in components.pairs {
      guard let component = name.scalar?.string, let rows = list.sequence else {
        throw CatalogueError(
          "a component and a list were expected", hint: "write a component and its entries", file: file,
          line: name.mark.line)
      }
      for row in rows {
        let mapping = try StrictMapping(row, keys: ["keys", "read", "write"], file: file)
        var seen = Seen()
        seen.reading = try Self.releases(mapping, "read")
        seen.writing = try Self.releases(mapping, "write")
        entries[component, default: [:]][try mapping.text("keys")] = seen
      }
    }
  }

  private static func releases(
    _ row: StrictMapping, _ key: String
  ) throws(CatalogueError) -> [CalicoRelease] {
    var releases: [CalicoRelease] = []
    for text in try row.texts(key) {
      guard let release = CalicoRelease(text), CalicoRelease.known.contains(release) else {
        throw row.fault(
          "\"\(text)\" is not a release that the catalogue knows", hint: "write it as v3.32", at: key)
      }
      releases.append(release)
    }
    return releases
  }

  /// The component with what was seen of its entries. A release outside of an entry's condition does not count for it.
  func marked(_ component: Component) -> Component {
    guard let seen = entries[component.name] else { return component }
    var component = component
    component.corrected = component.corrected.map { entry in
      guard let seen = seen[entry.pattern.description] else { return entry }
      var entry = entry
      entry.seen.reading = seen.reading.filter(entry.condition.holds(for:))
      entry.seen.writing = seen.writing.filter(entry.condition.holds(for:))
      return entry
    }
    return component
  }

  /// The components, and the patterns of entries, that the catalogue does not have.
  func unknown(among components: [Component]) -> [String] {
    entries.flatMap { name, seen in
      let known = Set(components.first { $0.name == name }?.corrected.map(\.pattern.description) ?? [])
      return seen.keys.filter { !known.contains($0) }.map { "\(name) \($0)" }
    }.sorted()
  }
}
