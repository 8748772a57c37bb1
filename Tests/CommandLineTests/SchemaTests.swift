import Foundation
import TestSupport
import Testing

/// The schemas say what the readers of the files accept.
@Suite struct SchemaTests {
  /// A key and a value that no file has.
  private static let strange = "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"

  /// A mapping in a schema, and where it is: the keys on the way, and the items of lists as "[]".
  struct Mapping: CustomTestStringConvertible, Sendable {
    let file: String
    let path: [String]
    let keys: [String]
    let required: [String]
    /// The words that a key takes, where they are few.
    let choices: [String: [String]]
    var testDescription: String { "\(file): \(path.joined(separator: "."))" }
  }

  static func schema(_ file: String) throws -> [String: Any] {
    let printed = try Program.bulkhead("schema", file, in: Program.root)
    let object = try JSONSerialization.jsonObject(with: Data(printed.out.utf8))
    return try #require(object as? [String: Any])
  }

  static let mappings: [Mapping] = ["bulkhead", "agent"].flatMap { file -> [Mapping] in
    func walk(_ node: [String: Any], _ path: [String]) -> [Mapping] {
      var found: [Mapping] = []
      if let properties = node["properties"] as? [String: [String: Any]] {
        found.append(
          Mapping(
            file: file, path: path, keys: properties.keys.sorted(),
            required: (node["required"] as? [String] ?? []).sorted(),
            choices: properties.compactMapValues { $0["enum"] as? [String] }))
        for (key, value) in properties.sorted(by: { $0.key < $1.key }) { found += walk(value, path + [key]) }
      }
      if let items = node["items"] as? [String: Any] { found += walk(items, path + ["[]"]) }
      if let more = node["additionalProperties"] as? [String: Any] { found += walk(more, path + ["*"]) }
      for form in node["oneOf"] as? [[String: Any]] ?? [] { found += walk(form, path) }
      return found
    }
    return (try? schema(file)).map { walk($0, []) } ?? []
  }

  @Test func theSchemasHaveMappings() { #expect(Self.mappings.count > 20) }

  /// The hints of a reader name every key that a mapping may have, its errors each key that must be there.
  @Test(arguments: mappings) func aMappingHasTheKeysOfTheReader(_ mapping: Mapping) throws {
    let faults = try Self.faults(of: [Self.strange: 1], at: mapping)
    let unknown = faults.split(separator: "\n").drop { !$0.contains("unknown key '\(Self.strange)'") }
    let hint = try #require(
      unknown.dropFirst().first?.firstMatch(of: /known here: (.*)/)?.1,
      "the reader of \(mapping.testDescription) has no such mapping, or another form of hint: \(faults)")
    #expect(
      hint.split(separator: ", ").map(String.init).sorted() == mapping.keys,
      "Sources/bulkhead/Schema/\(mapping.file).schema.json, \(mapping.path): the reader knows \(hint)")
    let place = try #require(unknown.first?.firstMatch(of: #/ in (.*)$/#)?.1)
    let missing = faults.matches(of: /(?m)^.*?\d+:\d+: (.*) lacks the key '(.*)'/).filter { $0.1 == place }
      .map { String($0.2) }
    // What the schema says with anyOf, because it depends on other keys.
    let conditional: [String: [String]] = [
      "agent: ": ["certificates", "source"], "bulkhead: custom.[]": ["grants"],
    ]
    #expect(
      missing.filter { !conditional[mapping.testDescription, default: []].contains($0) }.sorted()
        == mapping.required,
      "\(mapping.path): \(faults)")
  }

  @Test(arguments: mappings.filter { !$0.choices.isEmpty }) func aChoiceHasTheWordsOfTheReader(
    _ mapping: Mapping
  )
    throws
  {
    for (key, words) in mapping.choices {
      let faults = try Self.faults(of: [key: Self.strange], at: mapping)
      let hint = faults.split(separator: "\n").drop { !$0.contains("cannot be '\(Self.strange)'") }
        .dropFirst().first?.firstMatch(of: /known here: (.*)/)?.1
      #expect(hint?.split(separator: ", ").map(String.init) == words, "\(mapping.path).\(key): \(faults)")
    }
  }

  /// What the reader says about a file with one mapping. JSON is YAML.
  private static func faults(of value: [String: Any], at mapping: Mapping) throws -> String {
    // What else has to be there, so that the reader goes on.
    let siblings: [String: [String: Any]] = ["bulkhead: rules.[]": ["only": ["calico-node"]]]
    var document: Any = value.merging(siblings[mapping.testDescription] ?? [:]) { $1 }
    for step in mapping.path.reversed() { document = step == "[]" ? [document] : [step: document] }
    // The engine is read where the rest of `vault` is complete.
    if mapping.file == "agent", mapping.path.starts(with: ["source", "vault"]), mapping.path.count == 3,
      let engine = mapping.path.last, engine != "auth"
    {
      let vault: [String: Any] = [
        "address": "https://vault:8200", "auth": ["token": [String: String]()], engine: value,
      ]
      document = ["source": ["vault": vault]]
    }
    let folder = try TemporaryFolder()
    try JSONSerialization.data(withJSONObject: document).write(
      to: URL(fileURLWithPath: "\(folder.path)/file"))
    let words = mapping.file == "agent" ? ["agent", "--check", "--config", "file"] : ["lint", "file"]
    return try Program.run(Program.path, words, in: folder.path).error
  }

  // MARK: - a real validator

  /// kubernetes-validate brings jsonschema and PyYAML.
  private static let python = "\(Program.root)/.tools/kubernetes-validate/bin/python"
  private static let hasValidator = FileManager.default.isExecutableFile(atPath: python)

  private static let check = """
    import json, sys, yaml, jsonschema
    schema = json.load(open(sys.argv[1]))
    jsonschema.Draft7Validator.check_schema(schema)
    faults = list(jsonschema.Draft7Validator(schema).iter_errors(yaml.safe_load(sys.stdin)))
    for fault in faults: print("/".join(map(str, fault.absolute_path)), fault.message)
    sys.exit(1 if faults else 0)
    """

  private static func validate(_ text: String, _ file: String) throws -> Program.Outcome {
    try Program.run(
      python, ["-c", check, "\(Program.root)/Sources/bulkhead/Schema/\(file).schema.json"], in: Program.root,
      input: text)
  }

  /// Whole files in the pages and examples: those with a kind of ours.
  static let examples: [(place: String, file: String, text: String)] = {
    var found: [(String, String, String)] = []
    let files = FileManager.default.enumerator(atPath: Program.root)
    while let path = files?.nextObject() as? String {
      if [".build", ".tools", ".git"].contains(path) { files?.skipDescendants() }
      guard path.hasSuffix(".md") || path.hasPrefix("Examples/"),
        let text = try? String(contentsOfFile: "\(Program.root)/\(path)", encoding: .utf8)
      else { continue }
      let blocks =
        path.hasSuffix(".md")
        ? text.matches(of: /(?ms)^( *)```yaml\n(.*?)^ *```/).map { block in
          block.2.split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.dropFirst(block.1.count) }.joined(separator: "\n")
        } : path.hasSuffix(".yaml") ? [text] : []
      for block in blocks where block.contains("apiVersion: bulkhead/v1\n") {
        if block.contains("\nkind: Segmentation\n") { found.append((path, "bulkhead", block)) }
        if block.contains("\nkind: Agent\n") { found.append((path, "agent", block)) }
      }
    }
    return found
  }()

  @Test(.enabled(if: hasValidator, "tools/need-kubernetes-validate brings the validator"))
  func theExamplesAreValid() throws {
    #expect(Self.examples.count > 2)
    for example in Self.examples {
      let outcome = try Self.validate(example.text, example.file)
      #expect(outcome.code == 0, "\(example.place): \(outcome.all)")
    }
    let folder = try TemporaryFolder()
    for words in [["init"], ["init", "--calicoctl", "alice=full", "--apiserver", "a", "--apiserver", "b"]] {
      try? FileManager.default.removeItem(atPath: "\(folder.path)/bulkhead.yaml")
      #expect(try Program.run(Program.path, words, in: folder.path).code == 0)
      let text = try String(contentsOfFile: "\(folder.path)/bulkhead.yaml", encoding: .utf8)
      let outcome = try Self.validate(text, "bulkhead")
      #expect(outcome.code == 0, "\(outcome.all)")
      for (nodes, code) in [("n1, {host-2: {kubernetes: ip-2}}", 0), ("{host-2: {kube: ip-2}}", 1)] {
        let listed = try Self.validate("\(text)\nnodes: [\(nodes)]\n", "bulkhead")
        #expect(listed.code == code, "\(nodes): \(listed.all)")
      }
    }
  }

  @Test(
    .enabled(if: hasValidator, "tools/need-kubernetes-validate brings the validator"),
    arguments: [
      ("cluster: x", "is a required property"),
      ("kind: Segmentatoin", "was expected"),
      ("apiVersoin: bulkhead/v1", "Additional properties are not allowed"),
      ("isolation: nodes", "is not one of"),
    ])
  func aWrongFileIsNotValid(_ text: String, _ words: String) throws {
    let outcome = try Self.validate(text, "bulkhead")
    #expect(outcome.code == 1 && outcome.out.contains(words), "\(outcome.all)")
  }

  /// A program in PREFIX/bin finds the schema in PREFIX/share, and `init` names it for editors.
  @Test func initNamesAnInstalledSchema() throws {
    let folder = try TemporaryFolder()
    for path in ["bin", "share/bulkhead"] {
      try FileManager.default.createDirectory(
        atPath: "\(folder.path)/\(path)", withIntermediateDirectories: true)
    }
    let program = "\(folder.path)/bin/bulkhead"
    // By another process: one of ours, started meanwhile, would have the copy open for writing.
    #expect(try Program.run("/bin/cp", [Program.path, program], in: folder.path).code == 0)
    func first(_ file: String) throws -> Substring? {
      let outcome = try Program.run(program, ["init", "--file", file], in: folder.path)
      #expect(outcome.code == 0, "\(outcome.all)")
      return try String(contentsOfFile: "\(folder.path)/\(file)", encoding: .utf8).split(separator: "\n")
        .first
    }
    #expect(try first("a.yaml")?.hasPrefix("# What Bulkhead") == true)
    try "{}".write(
      toFile: "\(folder.path)/share/bulkhead/bulkhead.schema.json", atomically: true, encoding: .utf8)
    #expect(
      try first("b.yaml")
        == "# yaml-language-server: $schema=\(folder.path)/share/bulkhead/bulkhead.schema.json")
  }
}
