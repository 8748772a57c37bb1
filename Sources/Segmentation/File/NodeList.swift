import Catalogue
import FoundationEssentials
import StrictYAML

/// The names of a cluster's nodes, from a list with one name per line or from `kubectl get nodes -o json`.
package struct NodeList: Sendable {
  /// The name of the list in messages.
  package let file: String
  package private(set) var names: [NodeName]
  private let text: String

  /// - Parameters:
  ///   - text: One name per line, also in the form `node/NAME` (`kubectl get nodes -o name`); text after `#`
  ///     is ignored. Or kubectl's JSON, of a list or of one node.
  ///   - file: The name of the list in messages.
  /// - Throws: ``FileFaults`` with every name that is invalid in Calico or listed twice, each with its line;
  ///   also for an empty list, because a list that is empty by mistake would remove the access of every node.
  package init(_ text: String, file: String) throws(FileFaults) {
    self.file = file
    self.text = text
    let words = Self.isJSON(text) ? try Self.json(text, file: file) : Self.lines(text).map(\.name)
    var names: [NodeName] = []
    var faults: [Fault] = []
    var seen: Set<String> = []
    for word in words {
      do throws(CatalogueError) {
        guard seen.insert(word).inserted else {
          throw CatalogueError("the node '\(word)' is listed twice", hint: "keep one of them")
        }
        names.append(try NodeName(word))
      } catch {
        faults.append(Self.fault(word, error.message, hint: error.hint, in: text))
      }
    }
    if words.isEmpty {
      let hint = "give a name in each line, or what 'kubectl get nodes -o json' prints"
      faults.append(Fault(line: 1, column: 1, message: "the list has no nodes", hint: hint))
    }
    guard faults.isEmpty else { throw FileFaults(file: file, faults: faults) }
    self.names = names
  }

  /// The list with Calico's names in the place of those of Kubernetes.
  /// - Parameter kubernetes: Calico's names by those in Kubernetes, where they differ.
  func renamed(by kubernetes: [String: NodeName]) -> NodeList {
    guard !kubernetes.isEmpty else { return self }
    var list = self
    list.names = names.map { kubernetes[$0.text] ?? $0 }
    return list
  }

  /// A fault about one of the names, with the line that contains it.
  func fault(_ name: NodeName, _ message: String, hint: String?) -> Fault {
    Self.fault(name.text, message, hint: hint, in: text)
  }

  private static func fault(_ word: String, _ message: String, hint: String?, in text: String) -> Fault {
    let lines = isJSON(text) ? named(word, in: text) : lines(text).filter { $0.name == word }.map(\.line)
    return Fault(line: lines.last ?? 1, column: 1, message: message, hint: hint)
  }

  private static func isJSON(_ text: String) -> Bool { text.first { !$0.isWhitespace } == "{" }

  private static func lines(_ text: String) -> [(name: String, line: Int)] {
    text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated()
      .compactMap { index, line in
        let content = trimmed(line.prefix { $0 != "#" })
        guard !content.isEmpty else { return nil }
        return (content.hasPrefix("node/") ? String(content.dropFirst("node/".count)) : content, index + 1)
      }
  }

  /// Without tabs and Unicode's space separators around it.
  private static func trimmed(_ text: Substring) -> String {
    func isBlank(_ scalar: Unicode.Scalar) -> Bool {
      scalar == "\t" || scalar.properties.generalCategory == .spaceSeparator
    }
    let scalars = text.unicodeScalars.drop(while: isBlank)
    guard let last = scalars.lastIndex(where: { !isBlank($0) }) else { return "" }
    return String(scalars[...last])
  }

  /// The lines of a JSON text in which a key `name` has this value.
  private static func named(_ name: String, in text: String) -> [Int] {
    text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated()
      .filter { $1.contains("\"name\"") && $1.contains("\"\(name)\"") }.map { $0.offset + 1 }
  }

  private struct KubernetesObject: Decodable {
    struct Metadata: Decodable { let name: String? }
    let kind: String?
    let metadata: Metadata?
    let items: [KubernetesObject]?
  }

  private static func json(_ text: String, file: String) throws(FileFaults) -> [String] {
    func refusal(_ message: String) -> FileFaults {
      let hint = "give what 'kubectl get nodes -o json' prints"
      return FileFaults(file: file, faults: [Fault(line: 1, column: 1, message: message, hint: hint)])
    }
    guard let root = try? JSONDecoder().decode(KubernetesObject.self, from: Data(text.utf8)) else {
      throw refusal("this is not JSON of Kubernetes")
    }
    guard let objects = root.kind == "Node" ? [root] : root.items else {
      throw refusal("this is not a list of nodes but '\(root.kind ?? "something without a kind")'")
    }
    var names: [String] = []
    for (index, object) in objects.enumerated() {
      guard object.kind ?? "Node" == "Node", let name = object.metadata?.name else {
        throw refusal("item \(index + 1) is not a node but '\(object.kind ?? "something without a name")'")
      }
      names.append(name)
    }
    return names
  }
}
