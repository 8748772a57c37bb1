import Printing

/// Which program this is, and what it knows as of when.
package struct VersionReport: TextReport, Sendable {
  package struct Library: Encodable, Sendable {
    package let name: String
    package let version: String

    package init(_ name: String, _ version: String) {
      self.name = name
      self.version = version
    }
  }

  let version: String
  /// The commit that it was built from; nil for a development build.
  let commit: String?
  /// The Swift release that compiled it; nil for a development build.
  let toolchain: String?
  /// Whether the libraries are inside (`static`) or the distribution's (`dynamic`).
  let linked: String
  /// As the process uses them.
  let libraries: [Library]
  let catalogue: Catalogue
  let advisories: Advisories

  struct Catalogue: Encodable, Sendable {
    let calico: String
    let knownOn: String
  }

  struct Advisories: Encodable, Sendable { let knownOn: String }

  /// - Parameter calico: the releases that the catalogue describes, as in `v3.20 to v3.33`.
  package init(
    version: String, commit: String?, toolchain: String?, linked: String?, libraries: [Library],
    calico: String,
    catalogueKnownOn: String, advisoriesKnownOn: String
  ) {
    self.version = version
    self.commit = commit
    self.toolchain = toolchain
    self.linked = linked ?? "dynamic"
    self.libraries = libraries
    catalogue = Catalogue(calico: calico, knownOn: catalogueKnownOn)
    advisories = Advisories(knownOn: advisoriesKnownOn)
  }

  package func text(_ style: Style) -> String {
    let names = libraries.map { "\($0.name) \($0.version)" }.joined(separator: ", ")
    let rows = [
      ("commit", commit ?? "unknown: a development build"),
      ("toolchain", toolchain ?? "unknown: a development build"),
      ("libraries", "\(names); \(linked == "static" ? "inside the executable" : "of the system")"),
      ("catalogue", "Calico \(catalogue.calico), as of \(catalogue.knownOn)"),
      ("advisories", "vulnerabilities of etcd known on \(advisories.knownOn)"),
    ]
    return
      ([style.strong("bulkhead \(version)")] + Table(rows.map { [Table.Cell($0.0), Table.Cell($0.1)] }).lines)
      .joined(separator: "\n")
  }
}
