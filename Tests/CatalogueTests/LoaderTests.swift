import Catalogue
import Keyspace
import Testing

@Suite struct LoaderTests {
  /// A component file whose corrected list is `row`.
  private func load(_ row: String, head: String = "", tail: String = "") throws -> Component {
    let text = """
      component: a
      summary: something
      placement: node
      \(head)corrected:
      \(row)
      \(tail)
      """
    let catalogue = try Catalogue(components: [("a.yaml", text)], features: "wireguard: encrypts")
    return try #require(catalogue["a"])
  }

  private let reason = "    why: w\n    source: s\n    without: o"

  @Test func `a complete row is accepted`() throws {
    let component = try load(
      """
        - prefix: "/calico/felix/v2/{region}/host/"
          access: readwrite
          since: v3.24
          until: v3.31
          feature: wireguard
          per-node:
            own: [{prefix: "/calico/felix/v2/{region}/host/{node}/", access: readwrite}]
            why: nothing is shared
      \(reason)
      """)
    let grants = component.grants(.corrected, for: try installation("v3.24", ["wireguard"]))
    #expect(grants.map(\.grant) == [Grant(.prefix("/calico/felix/v2/no-region/host/"), .readwrite)])
    #expect(component.grants(.corrected, for: try installation("v3.32", ["wireguard"])).isEmpty)
    #expect(component.grants(.corrected, for: try installation("v3.24")).isEmpty)
    #expect(component.shared(.corrected, for: try installation("v3.24", ["wireguard"])).isEmpty)
    let entry = try #require(component.corrected.first)
    #expect(entry.condition.description == "v3.24 to v3.31, with wireguard")
    #expect((entry.why, entry.source, entry.without) == ("w", "s", "o"))
  }

  @Test func `several keys share one reason`() throws {
    let component = try load("  - key: [/a, /b]\n    access: read\n\(reason)")
    #expect(component.corrected.map(\.pattern.description) == ["/a", "/b"])
  }

  static let refusals: [(row: String, message: String, line: Int)] = [
    ("  - key: /a\n    access: all", "\"all\" is not an access", 6),
    ("  - key: /a", "\"access\" is missing", 5),
    ("  - key: /a\n    prefix: /b\n    access: read", "either \"key\" or \"prefix\"", 5),
    ("  - access: read", "either \"key\" or \"prefix\"", 5),
    ("  - key: /a*\n    access: read", "has a star", 5),
    ("  - key: /{host}\n    access: read", "a placeholder that is unknown", 5),
    ("  - key: /{node\n    access: read", "a placeholder that is unknown", 5),
    ("  - key: \"/{node}\"\n    access: read", "names a node", 5),
    ("  - key: /a\n    access: read\n    colour: red", "\"colour\" is unknown", 7),
    ("  - key: /a\n    access: read\n    since: v3.19", "\"v3.19\" is not a release", 7),
    ("  - key: /a\n    access: read\n    until: v3.32.1", "\"v3.32.1\" is not a release", 7),
    ("  - key: /a\n    access: read\n    since: v3.30\n    until: v3.29", "\"until\" is before \"since\"", 8),
    ("  - key: /a\n    access: read\n    feature: magic", "\"magic\" is not a feature", 7),
    ("  - key: /a\n    access: read\n    unless: magic", "\"magic\" is not a feature", 7),
    ("  - key: {b: c}\n    access: read", "\"key\" is not a text", 5),
    ("  - key: /a\n    access: [read]", "\"access\" is not a text", 6),
    (
      "  - key: /a\n    access: read\n    per-node: {own: [{key: /b, access: read}], why: w}",
      "does not name", 7
    ),
    ("  - key: /a\n    access: read\n    per-node: {own: []}", "\"why\" is missing", 7),
    ("  - key: [/a, /b]\n    access: read\n    per-node: {own: [], why: w}", "with several keys", 7),
  ]

  @Test(arguments: refusals.indices)
  func `a wrong row is refused with its file and line`(index: Int) throws {
    let refusal = Self.refusals[index]
    let error = try #require(throws: CatalogueError.self) { try load(refusal.row + "\n" + reason) }
    #expect(error.message.contains(refusal.message), "\(error)")
    #expect(error.place == "a.yaml:\(refusal.line)", "\(error)")
    #expect(error.hint?.isEmpty == false)
  }

  @Test(arguments: ["why", "source", "without"])
  func `a row without its reasons is refused`(missing: String) throws {
    let rest = reason.split(separator: "\n").filter { !$0.contains("\(missing):") }.joined(separator: "\n")
    let error = try #require(throws: CatalogueError.self) {
      try load("  - key: /a\n    access: read\n" + rest)
    }
    #expect(error.message == "\"\(missing)\" is missing")
    #expect(error.place == "a.yaml:5")
  }

  @Test func `a row with a key twice is refused`() throws {
    let error = try #require(throws: CatalogueError.self) {
      try load("  - key: /a\n    key: /b\n    access: read\n" + reason)
    }
    #expect(error.message.contains("\"key\" twice"))
  }

  @Test func `a row that is not a mapping is refused with its line`() throws {
    let error = try #require(throws: CatalogueError.self) { try load("  - just text") }
    #expect(error.message == "a mapping was expected")
    #expect(error.place == "a.yaml:5")
  }

  @Test func `invalid YAML is refused with its line`() throws {
    let error = try #require(throws: CatalogueError.self) { try load("  - key: \"/a\n") }
    #expect(error.message.hasPrefix("the file is not valid YAML"))
    #expect(error.place?.hasPrefix("a.yaml:") == true)
  }

  @Test func `a published row may not have conditions`() throws {
    let head = "documented:\n  source: s\n  grants: [{key: /a, access: read, since: v3.29}]\n"
    let error = try #require(throws: CatalogueError.self) { try load("  []", head: head) }
    #expect(error.message.contains("\"since\" is unknown"))
  }

  @Test func `a component may not be described twice, nor without a summary`() throws {
    let text = "component: a\nsummary: s\nplacement: node\ncorrected: []\n"
    #expect(throws: CatalogueError.self) {
      try Catalogue(components: [("a.yaml", text), ("b.yaml", text)], features: "x: y")
    }
    let error = try #require(throws: CatalogueError.self) {
      try Catalogue(
        components: [("a.yaml", "component: a\nplacement: node\ncorrected: []\n")], features: "x: y")
    }
    #expect(error.message == "\"summary\" is missing")
  }

  @Test(arguments: ["", "- a", "a: ''", "a: [b]"])
  func `features without a meaning are refused`(features: String) {
    #expect(throws: CatalogueError.self) { try Catalogue(components: [], features: features) }
  }
}
