import Catalogue
import Keyspace

/// What a component needs, line by line, for one installation.
package struct CatalogueReport: TextReport, Sendable {
  struct Line: Encodable, Sendable {
    let range: String
    let access: String
    let why: String
    let source: String
    let without: String?
    let condition: String
    /// The releases with which a real program was seen to read and to write the keys; nil for a role.
    var seen: Seen?
  }
  struct Seen: Encodable, Sendable {
    let read: [String]
    let write: [String]
    let text: String

    init(_ entry: CatalogueEntry) {
      read = entry.seen.reading.map(\.description)
      write = entry.seen.writing.map(\.description)
      text = entry.seen.text
    }
  }
  struct Entry: Encodable, Sendable {
    let component: String
    let summary: String
    let form: String
    let grants: [Line]
    /// Grants for other releases, or for features that are not in use.
    let notInUse: [Line]
    let roles: [Line]
    let notes: [String]
  }

  let release: String
  let features: [String]
  let components: [Entry]

  package init(_ components: [Component], form: CatalogueForm, for installation: Installation) {
    release = installation.release.description
    features = installation.features.sorted()
    self.components = components.map { component in
      let entries = form == .documented ? component.documented?.entries ?? [] : component.corrected
      return Entry(
        component: component.name, summary: component.summary, form: form.rawValue,
        grants: component.grants(form, for: installation).map(Line.init),
        notInUse: entries.filter { !$0.condition.holds(for: installation) }.map(Line.init),
        roles: component.roles(form, for: installation).map { need in
          Line(
            range: "role \(need.role)", access: "", why: need.why, source: need.source, without: need.without,
            condition: need.condition.description)
        }, notes: component.notes)
    }
  }

  package func text(_ style: Style) -> String {
    components.map { text($0, style) }.joined(separator: "\n\n")
  }

  private func text(_ entry: Entry, _ style: Style) -> String {
    var lines = ["\(style.strong(entry.component)) on Calico \(release), \(entry.form): \(entry.summary)"]
    if entry.grants.isEmpty, entry.roles.isEmpty { lines.append("  Calico publishes no table for it") }
    for line in entry.grants + entry.roles { lines += Self.block(line, style) }
    if !entry.notInUse.isEmpty {
      lines.append(style.faint("  not on this installation:"))
      lines += Table(
        entry.notInUse.map {
          [Table.Cell($0.access), Table.Cell($0.range), Table.Cell("(\($0.condition))")]
        }, indent: 4
      )
      .lines.map(style.faint)
    }
    for note in entry.notes { lines.append(style.caution("  note: ") + note) }
    return lines.joined(separator: "\n")
  }

  static func block(_ line: Line, _ style: Style) -> [String] {
    let condition = line.condition.isEmpty ? "" : style.faint("  (\(line.condition))")
    let access =
      line.access.isEmpty ? "" : line.access + String(repeating: " ", count: max(1, 11 - line.access.count))
    var lines = ["  \(style.good(access))\(line.range)\(condition)"]
    if !line.why.isEmpty { lines.append("             \(line.why)") }
    if let without = line.without { lines.append("             without: \(without)") }
    if !line.source.isEmpty { lines.append(style.faint("             \(line.source)")) }
    if let seen = line.seen { lines.append(style.faint("             seen: \(seen.text)")) }
    return lines
  }
}

extension CatalogueReport.Line {
  init(_ grant: CatalogueGrant) {
    self.init(
      range: grant.grant.range.description, access: grant.grant.access.description, why: grant.entry.why,
      source: grant.entry.source, without: grant.entry.without, condition: grant.entry.condition.description,
      seen: grant.entry.without == nil ? nil : CatalogueReport.Seen(grant.entry))
  }

  init(_ entry: CatalogueEntry) {
    self.init(
      range: entry.pattern.description, access: entry.access.description, why: entry.why,
      source: entry.source,
      without: entry.without, condition: entry.condition.description,
      seen: entry.without == nil ? nil : CatalogueReport.Seen(entry))
  }
}

/// The differences between Calico's published tables and what the components need.
package struct CatalogueComparisonReport: TextReport, Sendable {
  struct Difference: Encodable, Sendable {
    let range: String
    let read: [String]
    let write: [String]
    /// What happens without the grant, or why it is too much.
    let effect: String
    let source: String
  }
  struct Entry: Encodable, Sendable {
    let component: String
    let missing: [Difference]
    let excessive: [Difference]
  }

  let release: String
  let components: [Entry]
  /// Components without a published table.
  let unpublished: [String]

  package init(_ components: [Component], for installation: Installation) {
    func difference(_ difference: CatalogueComparison.Difference, _ effect: String?) -> Difference {
      Difference(
        range: difference.grant.grant.range.description, read: difference.readable.ranges.map(\.description),
        write: difference.writable.ranges.map(\.description), effect: effect ?? "",
        source: difference.grant.entry.source)
    }
    release = installation.release.description
    unpublished = components.filter { $0.documented == nil }.map(\.name)
    self.components = components.compactMap { component in
      CatalogueComparison(of: component, for: installation).map { comparison in
        Entry(
          component: component.name,
          missing: comparison.missing.map { difference($0, $0.grant.entry.without) },
          excessive: comparison.excessive.map { difference($0, $0.grant.entry.excess) })
      }
    }
  }

  package func text(_ style: Style) -> String {
    var blocks = components.map { entry in
      var lines = [style.strong("\(entry.component) on Calico \(release)")]
      if entry.missing.isEmpty, entry.excessive.isEmpty { lines.append("  the published table is right") }
      for item in entry.missing { lines += block(item, style.bad("missing "), style) }
      for item in entry.excessive { lines += block(item, style.caution("too much"), style) }
      return lines.joined(separator: "\n")
    }
    if !unpublished.isEmpty {
      blocks.append("Calico publishes no table for \(unpublished.joined(separator: ", "))")
    }
    return blocks.joined(separator: "\n\n")
  }

  private func block(_ item: Difference, _ label: String, _ style: Style) -> [String] {
    let access = item.write.isEmpty ? "read" : item.read.isEmpty ? "write" : "read and write"
    return ["  \(label)  \(access) \(item.range)"]
      + (item.effect.isEmpty ? [] : ["            \(item.effect)"])
      + (item.source.isEmpty ? [] : [style.faint("            \(item.source)")])
  }
}
