import Foundation
import TestClusters
import TestSupport
import Testing

/// Documentation/stability.md lists the fields of each verb's JSON: what the verbs print has no others.
@Suite(.timeLimit(.minutes(10))) struct JSONFieldTests {
  /// The names of fields by verb, as in the first column of the table: `can --all`.
  static let documented: [String: Set<String>] = {
    let page =
      (try? String(contentsOfFile: "\(Program.root)/Documentation/stability.md", encoding: .utf8)) ?? ""
    guard let start = page.range(of: "## JSON output"), let end = page.range(of: "## Files that you write")
    else {
      return [:]
    }
    func quoted(_ text: Substring) -> [String] { text.matches(of: /`([^`]+)`/).map { String($0.1) } }
    var rows: [String: Set<String>] = [:]
    var references: [String: Set<String>] = [:]
    for line in page[start.upperBound..<end.lowerBound].split(separator: "\n") {
      guard let match = line.wholeMatch(of: /\| (.*?) \| (.*) \|/) else { continue }
      let words = quoted(match.2)
      for verb in quoted(match.1) {
        rows[verb, default: []].formUnion(words.map { $0.replacing("[]", with: "") })
        references[verb, default: []].formUnion(match.2.matches(of: /as in `([^`]+)`/).map { String($0.1) })
      }
    }
    // "as in `preflight`" stands for the fields of that row.
    for (verb, others) in references {
      for other in others { rows[verb, default: []].formUnion(rows[other] ?? []) }
    }
    return rows
  }()

  /// Fields whose value has names of the cluster as its keys.
  private static let named: Set<String> = ["byRow"]

  private func names(in value: Any) -> Set<String> {
    switch value {
    case let list as [Any]: list.reduce(into: []) { $0.formUnion(names(in: $1)) }
    case let object as [String: Any]:
      object.reduce(into: []) { found, field in
        found.insert(field.key)
        if !Self.named.contains(field.key) { found.formUnion(names(in: field.value)) }
      }
    default: []
    }
  }

  /// - Parameter row: of the table; nil if it is the verb itself.
  private func check(_ words: [String], row: String? = nil, in folder: String, input: String? = nil) throws {
    let outcome = try Program.run(Program.path, words + ["--output", "json"], in: folder, input: input)
    #expect([0, 2].contains(outcome.code), "\(words): \(outcome.all)")
    let row = row ?? words.joined(separator: " ")
    let documented = try #require(Self.documented[row], "\(row) has no row: \(Self.documented.keys.sorted())")
    let value = try JSONSerialization.jsonObject(with: Data(outcome.out.utf8))
    let found = names(in: value)
    #expect(!found.isEmpty)
    #expect(found.isSubset(of: documented), "\(row) lacks \(found.subtracting(documented).sorted())")
  }

  @Test func verbsWithoutACluster() throws {
    #expect(Self.documented.count > 25)
    let folder = try TemporaryFolder()
    for words in [
      [
        "init", "--only-given", "--ca", "pki/ca.crt", "--calicoctl", "alice=read-only",
      ],
      ["certs", "authority"],
    ] {
      #expect(try Program.run(Program.path, words, in: folder.path).code == 0)
    }
    let file = "\(folder.path)/bulkhead.yaml"
    try
      (String(contentsOfFile: file, encoding: .utf8) + """

        nodes: [node-1]
        isolation: node-certificate
        rules:
          - {name: tiers, only: [alice], access: write, prefix: /calico/resources/v3/projectcalico.org/tiers/, why: x}
        accept:
          - {id: BH035, why: x, until: 2099-01-01}
        """).write(toFile: file, atomically: true, encoding: .utf8)
    try check(["certs", "issue"], in: folder.path)
    try check(["certs", "renew"], in: folder.path)
    let token = try Program.bulkhead("authority", "token", "--node", "node-1", "--to", "t", in: folder.path)
    #expect(token.code == 0, "\(token.all)")
    let key = "/calico/ipam/v2/config"
    try check(["can", "calico-node", "put", key], row: "can", in: folder.path)
    try check(["can", "alice", "put", key], row: "can", in: folder.path)
    try check(["can", "calico-node", "--all"], row: "can --all", in: folder.path)
    try check(["who-can", "write", key], row: "who-can", in: folder.path)
    try check(["compare", "bulkhead.yaml", "bulkhead.yaml"], row: "compare", in: folder.path)
    for verb in ["lint", "show", "report", "catalogue", "certs list", "authority token list"] {
      try check(verb.split(separator: " ").map(String.init), in: folder.path)
    }
    try check(["catalogue", "--compare"], in: folder.path)
    try check(
      ["certs", "inspect", "pki/clients/alice.crt"], row: "certs inspect", in: folder.path)
    try check(
      ["bundle", "--as", "directory", "--to", "bundle"], row: "bundle", in: folder.path)
  }

  @Test(.startsEtcd) func verbsOfACluster() async throws {
    let etcd = try await SharedEtcd("json")
    let folder = etcd.folder.path
    try etcd.write([("a", "{prefix: /a/, access: readwrite}"), ("b", "{key: /b, access: read}")])
    let issued = try etcd.bulkhead("certs", "issue")
    #expect(issued.code == 0, "\(issued.all)")
    try check(["preflight"], in: folder)
    try check(["plan"], in: folder)
    try check(["apply", "--watch", "0"], row: "apply", in: folder)
    // On an unchanged cluster.
    try check(["plan"], in: folder)
    try check(["apply", "--watch", "0"], row: "apply", in: folder)
    try check(["history"], in: folder)
    try check(["verify"] + Program.accepted, row: "verify", in: folder)
    try check(["access"], in: folder)
    try check(["watch", "--once"], row: "watch", in: folder)
    try etcd.expect(0, "export", "--out", "e.json")
    try etcd.write([("a", "{prefix: /a/, access: read}")])
    try check(["plan"], in: folder)
    try check(["apply", "--watch", "0", "--yes"], row: "apply", in: folder)
    try check(["restore", "e.json", "--plan"], row: "restore", in: folder)
    try check(["undo", "--plan"], row: "undo", in: folder)
  }
}
