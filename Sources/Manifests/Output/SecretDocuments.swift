/// The documents of Secrets: which are removed from the file, which are new, and where the new ones are
/// inserted.
struct SecretDocuments {
  /// Documents that are removed.
  private(set) var dropped: [KubernetesObject] = []
  /// Secrets that the file does not contain yet.
  private(set) var new: [Secret] = []
  /// The index of the document before which the new ones are inserted.
  private(set) var position: Int
  private(set) var edits: [TextEdit] = []
  /// The edits of documents that wrap their objects in a list.
  private(set) var listEdits: [(document: Int, edit: TreeEdit)] = []
  /// Faults and warnings about Secrets.
  let findings: Findings

  struct Secret {
    let component: String
    let name: String
    let namespace: String?
    let list: (document: Int, items: YAMLNode)?
    let isImmutable: Bool
    let data: [(file: CredentialFile, base64: String)]
  }

  /// - Parameter edited: What all passes found.
  init(_ manifest: Manifest, _ edited: Findings) {
    let reader = manifest.reader
    let contents = SecretContents(manifest, edited)
    findings = contents.findings
    new = contents.new
    position = reader.documents.count
    dropped = Self.inOrder(contents.dropped + contents.replaced + edited.superseded)
    let shared = Self.inOrder(contents.shared + contents.replaced + edited.superseded)
    let inline = manifest.options.placement == .inline ? new : []
    if let first = shared.first(where: { $0.list == nil }) {
      position = first.document + (dropped.contains { $0.document == first.document } ? 0 : 1)
    }
    if position == reader.documents.count, !reader.source.endsWithNewline,
      reader.documents.last?.hasMarker == true
    {
      // A last line without a newline stays the last line: at its end a block scalar would be parsed
      // differently if other lines followed.
      position -= 1
    }
    edits = Self.edits(
      edited.configMaps.filter { $0.list == nil }.flatMap(\.lines)
        + inline.filter { $0.list == nil }.flatMap(\.lines),
      dropped: dropped.filter { $0.list == nil }.map(\.document),
      position: position, reader)
    editLists(inline, edited.configMaps)
  }

  private static func inOrder(_ objects: [KubernetesObject]) -> [KubernetesObject] {
    var seen: Set<Int> = []
    return objects.sorted { $0.id < $1.id }.filter { seen.insert($0.id).inserted }
  }

  private mutating func editLists(_ inline: [Secret], _ configMaps: [AgentConfigMap]) {
    for object in dropped {
      guard let list = object.list else { continue }
      listEdits.append((object.document, .replace(object.root, of: list, by: [], .usual)))
    }
    let new = configMaps.map { ($0.list, $0.written) } + inline.map { ($0.list, $0.value) }
    for case (let list?, let value) in new {
      guard let last = list.items.items?.last else { continue }
      listEdits.append((list.document, .append(value, to: list.items, YAMLStyle(like: last))))
    }
  }

  /// The new Secrets as a separate text.
  var text: String { new.flatMap(\.lines).map { $0 + "\n" }.joined() }

  private static func edits(
    _ lines: [String], dropped: [Int], position: Int, _ reader: ManifestReader
  ) -> [TextEdit] {
    let source = reader.source
    let end = source.bytes.count
    var edits: [TextEdit] = []
    var lines = lines
    for index in dropped {
      let document = reader.documents[index]
      var start = source.lineStart(at: document.range.lowerBound)
      if !document.hasMarker, index == position { lines = Array(lines.dropFirst()) }
      let goesLast = document.range.upperBound == end && !source.endsWithNewline
      if goesLast, index != position || lines.isEmpty, start > 0 {
        // The line before becomes the last one: its line ending is removed, because the last line of this
        // file has none.
        start -= source.lineEnding(at: start - 1).utf8.count
      }
      var text = ""
      if index == position {
        text =
          lines.joined(separator: source.lineEnding) + (goesLast || lines.isEmpty ? "" : source.lineEnding)
        lines = []
      }
      edits.append(
        TextEdit(range: start..<document.range.upperBound, text: text, changedLines: 0, addedLines: 0))
    }
    if !lines.isEmpty {
      let offset = position < reader.documents.count ? reader.documents[position].range.lowerBound : end
      let start = offset == end && !source.endsWithNewline
      let text = lines.joined(separator: source.lineEnding)
      edits.append(
        TextEdit(
          range: offset..<offset, text: start ? source.lineEnding + text : text + source.lineEnding,
          changedLines: 0,
          addedLines: 0))
    }
    return edits
  }
}

extension SecretDocuments.Secret {
  static let managedBy = "app.kubernetes.io/managed-by"
  static let manager = "bulkhead"
  static let componentLabel = "bulkhead/component"

  var value: YAMLValue {
    let labels = YAMLValue.mapping([
      Self.managedBy: .string(Self.manager), Self.componentLabel: .string(component),
    ])
    var pairs: [YAMLValue.Pair] = [
      .init("apiVersion", "v1"),
      .init("kind", "Secret"),
      .init("type", "Opaque"),
    ]
    if isImmutable { pairs.append(.init("immutable", .bool(true))) }
    pairs.append(.init("metadata", .mapping(.naming(name, in: namespace) + [.init("labels", labels)])))
    let contents = data.map { YAMLValue.Pair($0.file.rawValue, $0.base64) }
    pairs.append(.init("data", .mapping(contents)))
    return .mapping(pairs)
  }

  var lines: [String] { ["---"] + YAMLStyle.usual.block(value, indent: 0) }
}
