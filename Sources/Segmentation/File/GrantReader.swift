import Keyspace
import StrictYAML
import Yams

/// The grants of a custom component: each a key or a prefix, and an access.
extension FileReader {
  mutating func grants(_ node: Node?) -> [Grant] {
    var grants: [Grant] = []
    for node in elements(node, of: "'grants'") {
      guard let grant = grant(node) else { continue }
      if grants.contains(where: { $0.range == grant.range }) {
        fault(
          node, "the range \(grant.range) is granted twice",
          hint: "etcd keeps one access for each range of a role: write one grant with 'readwrite'")
      }
      grants.append(grant)
    }
    if let node, node.sequence?.isEmpty == true {
      fault(node, "'grants' is empty", hint: "without a grant the user may do nothing: leave it out")
    }
    return grants
  }

  private mutating func grant(_ node: Node) -> Grant? {
    let before = faults.count
    let fields = fields(node, of: "a grant", known: ["key", "prefix", "access"], required: ["access"])
    let isUnderstood = faults.count == before
    let access = access(fields["access"])
    guard isUnderstood else { return nil }
    guard (fields["key"] == nil) != (fields["prefix"] == nil) else {
      fault(
        node, "a grant has either 'key' or 'prefix'", hint: "a prefix covers every key that begins with it")
      return nil
    }
    let key = key(fields["key"] ?? fields["prefix"])
    guard let key, let access else { return nil }
    return Grant(fields["key"] == nil ? .prefix(key) : .key(key), access)
  }

  private mutating func access(_ node: Node?) -> Access? {
    guard let node, let word = text(node, of: "'access'") else { return nil }
    if let access = Access(word) { return access }
    let words = [Access.read, .write, .readwrite].map(\.description)
    fault(node, "'access' cannot be \(quoted(word))", hint: NearestWord.hint(for: word, among: words))
    return nil
  }

  /// A key as Bulkhead prints it, with `\xNN` for bytes that are not printable.
  private mutating func key(_ node: Node?) -> Key? {
    guard let node, let word = text(node, of: "the key of a grant", numbers: true) else { return nil }
    if let star = word.firstIndex(of: "*") {
      let prefix = word[..<star]
      fault(
        node, "etcd has no wildcards, found \(quoted(word))",
        hint: prefix.isEmpty ? "write the beginning of the keys as 'prefix'" : "write prefix: \(prefix)")
      return nil
    }
    guard let key = Key(escaped: word) else {
      fault(
        node, "the key \(quoted(word)) has a backslash that begins no escape",
        hint: #"write a byte as \xNN, and the backslash itself as \x5c"#)
      return nil
    }
    return key
  }
}
