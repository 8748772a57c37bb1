import Testing
import YAML

/// A manifest as documents of the YAML room, for a comparison that shares no code with the segmenter's tree.
struct ParsedManifest {
  let objects: [(title: String, node: Node)]

  init(_ text: String) throws {
    objects = try Self.documents(text).flatMap { $0["items"]?.sequence ?? [$0] }.compactMap { node in
      guard let kind = node["kind"]?.string else { return nil }
      return ("\(kind)/\(node["metadata"]?["name"]?.string ?? "")", node)
    }
  }

  /// The roots of all documents.
  static func documents(_ text: String) throws -> [Node] {
    var reader = try DocumentReader(text)
    var roots: [Node] = []
    while let document = try reader.next() {
      #expect(document.repeatedKeys.isEmpty)
      roots.append(document.root)
    }
    return roots
  }

  /// Every scalar by its path; list items are identified by their mountPath or name, so that a new item moves
  /// no other.
  var values: [String: String] {
    var values: [String: String] = [:]
    for (title, node) in objects { Self.collect(node, path: title, into: &values) }
    return values
  }

  /// The differences between one manifest and another: `path: old -> new`, with a dash for a missing value.
  static func changes(from old: String, to new: String) throws -> [String] {
    let old = try ParsedManifest(old).values
    let new = try ParsedManifest(new).values
    return Set(old.keys).union(new.keys).sorted().compactMap { path in
      old[path] == new[path] ? nil : "\(path): \(old[path] ?? "-") -> \(new[path] ?? "-")"
    }
  }

  /// For each container that mounts a credential, at /calico-secrets or where the CNI installer copies nothing, its
  /// Secret or folder.
  var credentials: [String: String] {
    var found: [String: String] = [:]
    for (title, node) in objects {
      let pod = node["spec"]?["template"]?["spec"] ?? node["spec"]
      let containers = ["initContainers", "containers"].flatMap { pod?[$0]?.sequence ?? [] }
      for container in containers {
        for mount in container["volumeMounts"]?.sequence ?? []
        where ["/calico-secrets", "/host/bulkhead/"].contains(where: {
          mount["mountPath"]?.string?.hasPrefix($0) == true
        }) {
          let volume = pod?["volumes"]?.sequence?.first { $0["name"] == mount["name"] }
          found["\(title) \(container["name"]?.string ?? "")"] =
            volume?["secret"]?["secretName"]?.string
            ?? volume?["hostPath"]?["path"]?.string.map {
              "\($0) (\(volume?["hostPath"]?["type"]?.string ?? ""))"
            } ?? "nothing"
        }
      }
    }
    return found
  }

  private static func collect(_ node: Node, path: String, into values: inout [String: String]) {
    switch node {
    case .scalar(let scalar):
      values[path] = "\(scalar.string) (\(scalar.tag.split(separator: ":").last ?? ""))"
    case .mapping(let mapping):
      for (key, value) in mapping.pairs {
        collect(value, path: "\(path).\(key.string ?? "?")", into: &values)
      }
    case .sequence(let sequence):
      for (index, item) in sequence.items.enumerated() {
        let name = item["mountPath"]?.string ?? item["name"]?.string ?? "\(index)"
        collect(item, path: "\(path)[\(name)]", into: &values)
      }
    }
  }
}
