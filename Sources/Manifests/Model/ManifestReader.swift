/// Parses a file into Kubernetes objects, or collects the faults why it cannot.
struct ManifestReader {
  let file: String
  let source: SourceText
  private(set) var documents: [YAMLDocument] = []
  private(set) var objects: [KubernetesObject] = []
  private(set) var faults: [ManifestFault] = []

  init(_ text: String, file: String) {
    self.file = file
    source = SourceText(text)
    if let offset = source.firstBareCarriageReturn {
      fault(
        at: offset, "has a line that ends in a carriage return alone",
        hint: "convert the file's line endings to LF or CRLF")
    }
    do {
      documents = try YAMLParser.documents(of: source)
    } catch {
      fault(at: error.offset, error.message, hint: error.hint)
      return
    }
    for index in documents.indices { read(index) }
    let isEmptyList = documents.contains { $0.root.isEmptyResourceList }
    if objects.isEmpty, faults.isEmpty, !isEmptyList {
      fault(
        at: 0, "contains no Kubernetes object",
        hint: "give a hosted Calico manifest, such as calico-etcd.yaml")
    }
  }

  func place(_ offset: Int, _ object: KubernetesObject?, _ part: String? = nil) -> ManifestPlace {
    ManifestPlace(file: file, line: source.line(at: offset), object: object?.title, part: part)
  }

  private mutating func read(_ index: Int) {
    let root = documents[index].root
    if root.isNull { return }
    if let items = root.wrappedItems {
      reportKeys(in: root, object: root["kind"]?.string)
      for item in items.items ?? [] { read(item, of: items, document: index) }
      return
    }
    reportKeys(in: root, object: Self.title(of: root))
    read(root, of: nil, document: index)
  }

  private static func title(of root: YAMLNode) -> String? {
    root["kind"]?.string.map { "\($0)/\(root["metadata"]?["name"]?.string ?? "")" }
  }

  private mutating func read(_ root: YAMLNode, of list: YAMLNode?, document index: Int) {
    let kind = root["kind"]?.string
    let name = root["metadata"]?["name"]?.string
    guard root.entries != nil, let kind, let apiVersion = root["apiVersion"]?.string else {
      fault(
        at: root.range.lowerBound,
        "has \(list == nil ? "a document" : "an item") that is not a Kubernetes object: it has no kind or no apiVersion",
        hint: "give a Kubernetes manifest; if this is a template, give its rendered output")
      return
    }
    if root.isEmptyResourceList { return }
    if kind.hasSuffix("List"), root["items"] != nil {
      fault(
        at: root["kind"]?.range.lowerBound ?? 0, object: kind, "wraps its objects in a kind: \(kind)",
        hint: "split it first into documents separated by `---` lines, one for each item")
      return
    }
    guard let name else {
      if root["metadata"]?["generateName"] == nil {
        fault(
          at: root.range.lowerBound, object: kind, "has no metadata.name",
          hint: "give the object a name, or remove the document")
      }
      return
    }
    objects.append(
      KubernetesObject(
        id: objects.count, document: index, list: list, root: root, kind: kind, apiVersion: apiVersion,
        name: name,
        namespace: root["metadata"]?["namespace"]?.string))
  }

  /// Reports duplicate keys: YAML readers silently use one of them, kubectl refuses them. Also reports keys
  /// that are not scalars, which is how YAML parses an unrendered `{{ }}`.
  private mutating func reportKeys(in root: YAMLNode, object: String?) {
    var found: [(offset: Int, message: String, hint: String)] = []
    root.walk { node in
      var lines: [String: Int] = [:]
      for entry in node.content.entries {
        let offset = entry.key.range.lowerBound
        guard case .scalar(let key, _) = entry.key.resolved.content else {
          found.append(
            (
              offset, "has a key that is not a scalar",
              "if this is a template ({{ }}), give its rendered output instead"
            ))
          continue
        }
        if let first = lines[key] {
          let message = "has the key \(key) twice, in line \(first) and line \(source.line(at: offset))"
          found.append((offset, message, "remove one of the two lines"))
        } else {
          lines[key] = source.line(at: offset)
        }
      }
    }
    for fault in found { self.fault(at: fault.offset, object: object, fault.message, hint: fault.hint) }
  }

  private mutating func fault(at offset: Int, object: String? = nil, _ message: String, hint: String) {
    let place = ManifestPlace(file: file, line: source.line(at: offset), object: object)
    faults.append(ManifestFault(place: place, message: message, hint: hint))
  }
}

extension YAMLNode {
  /// Whether it is a ResourceList without items, which a pipeline of functions passes on.
  var isEmptyResourceList: Bool {
    self["kind"]?.string == "ResourceList"
      && self["apiVersion"]?.string?.hasPrefix("config.kubernetes.io/") == true
      && self["items"].map { $0.isNull || $0.items?.isEmpty == true } ?? true
  }

  /// The items of a document that wraps objects: a List from `kubectl get -o yaml`, or the ResourceList that
  /// is passed to a function of the Kubernetes Resource Model.
  fileprivate var wrappedItems: YAMLNode? {
    guard let kind = self["kind"]?.string, let version = self["apiVersion"]?.string,
      let items = entry("items")?.value.resolved, items.items?.isEmpty == false
    else { return nil }
    let isList = kind == "List" && version == "v1"
    return isList || kind == "ResourceList" && version.hasPrefix("config.kubernetes.io/") ? items : nil
  }
}

extension YAMLNode.Content {
  fileprivate var entries: [YAMLEntry] {
    if case .mapping(let entries, _) = self { return entries }
    return []
  }
}
