import YAML

/// What each component of each Calico release reads and writes in etcd.
package struct Catalogue: Hashable, Sendable {
  /// The day of the state of Calico's repository that the data describes.
  package static let knownOn = "2026-08-22"

  /// In the order of ``CatalogueData``.
  package let components: [Component]
  /// The features that an ``Installation`` may name, each with its meaning in one line.
  package let features: [Feature]

  /// A choice of the installation that changes which keys are used, such as `compaction`.
  package struct Feature: Hashable, Sendable {
    package let name: String
    package let meaning: String
  }

  /// The component of this name; nil if the catalogue does not describe it.
  package subscript(name: String) -> Component? { components.first { $0.name == name } }

  /// The catalogue that is built into the program.
  /// - Throws: ``CatalogueError`` only if the data has a fault, which the tests rule out.
  package static func embedded() throws(CatalogueError) -> Catalogue {
    try Catalogue(
      components: CatalogueData.components.map { ($0.file, String(decoding: $0.bytes, as: UTF8.self)) },
      features: String(decoding: CatalogueData.features, as: UTF8.self),
      seen: String(decoding: CatalogueData.seen, as: UTF8.self))
  }

  /// Parses a catalogue from the texts of its files.
  /// - Parameter seen: What real programs were seen to use; nil if nothing was seen.
  package init(
    components files: [(name: String, text: String)], features text: String, seen: String? = nil
  ) throws(CatalogueError) {
    let features = try Self.features(text)
    let names = Set(features.map(\.name))
    var components: [Component] = []
    for file in files {
      let component = try ComponentLoader(file: file.name, features: names).component(file.text)
      guard !components.contains(where: { $0.name == component.name }) else {
        throw CatalogueError(
          "the component \"\(component.name)\" has two descriptions", hint: "keep one file for each",
          file: file.name)
      }
      components.append(component)
    }
    let seen = if let seen { try SeenEntries(seen, file: "seen.yaml") } else { SeenEntries() }
    if let unknown = seen.unknown(among: components).first {
      throw CatalogueError(
        "nothing in the catalogue is called \"\(unknown)\"",
        hint: "write the range of an entry as it is shown",
        file: "seen.yaml")
    }
    self.components = components.map(seen.marked)
    self.features = features
  }

  private static func features(_ text: String) throws(CatalogueError) -> [Feature] {
    let file = "features.yaml"
    guard let mapping = try yamlRoot(text, file: file).mapping else {
      throw CatalogueError(
        "a mapping was expected", hint: "write each feature as name: meaning", file: file, line: 1)
    }
    return try mapping.pairs.map { (name, meaning) throws(CatalogueError) in
      guard let name = name.scalar?.string, let meaning = meaning.scalar?.string, !meaning.isEmpty else {
        throw CatalogueError(
          "a feature has no meaning", hint: "write each feature as name: meaning", file: file,
          line: name.mark.line)
      }
      return Feature(name: name, meaning: meaning)
    }
  }
}
