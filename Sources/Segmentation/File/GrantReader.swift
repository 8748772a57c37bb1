import Keyspace
import StrictYAML
import Text
import YAML

/// Reads the grants of a custom component: each has a key, a prefix or a range, and an access.
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
      fault(node, "'grants' is empty", hint: "a user without grants may do nothing: remove it")
    }
    return grants
  }

  private mutating func grant(_ node: Node) -> Grant? {
    let before = faults.count
    let fields = fields(
      node, of: "a grant", known: ["key", "prefix", "from", "to", "access"], required: ["access"])
    let isUnderstood = faults.count == before
    let access = access(fields["access"])
    guard isUnderstood else { return nil }
    guard ["key", "prefix", "from"].count(where: { fields[$0] != nil }) == 1 else {
      fault(
        node, "a grant has either 'key' or 'prefix'", hint: "a prefix covers every key that begins with it")
      return nil
    }
    guard let found = keys(fields), let access else { return nil }
    return Grant(found, access)
  }

  /// The keys that `key`, `prefix`, or `from` and `to` name, of which exactly one form is there.
  mutating func keys(_ fields: [String: Node]) -> KeyRange? {
    fields["from"].map { range(from: $0, to: fields["to"]) } ?? range(fields)
  }

  private mutating func range(_ fields: [String: Node]) -> KeyRange? {
    if let to = fields["to"] {
      fault(to, "'to' belongs to 'from'", hint: "a range is from a key up to another: {from: /a, to: /c}")
    }
    if let node = fields["key"] { return key(node).map { .key($0) } }
    return key(fields["prefix"]).map { .prefix($0) }
  }

  /// The keys from `from` up to but not including `to`; without `to`, all keys from `from` on.
  private mutating func range(from: Node, to: Node?) -> KeyRange? {
    guard let lower = key(from) else { return nil }
    guard let to else { return KeyRange(from: lower, to: nil) }
    guard let upper = key(to) else { return nil }
    let range = KeyRange(from: lower, to: upper)
    if range.isEmpty {
      fault(
        to, "'to' is not after 'from', so the range contains no key", hint: "keys are compared byte by byte")
    }
    return range
  }

  mutating func access(_ node: Node?) -> Access? {
    guard let node, let word = text(node, of: "'access'") else { return nil }
    if let access = Access(word) { return access }
    let words = [Access.read, .write, .readwrite].map(\.description)
    fault(node, "'access' cannot be \(quoted(word))", hint: NearestWord.hint(for: word, among: words))
    return nil
  }

  /// Parses a key as Bulkhead prints it, with `\xNN` for bytes that are not printable.
  private mutating func key(_ node: Node?) -> Key? {
    guard let node, let word = text(node, of: "a key", numbers: true) else { return nil }
    if let star = word.firstIndex(of: "*") {
      let prefix = word[..<star]
      fault(
        node, "etcd has no wildcards, found \(quoted(word))",
        hint: prefix.isEmpty ? "write the beginning of the keys as 'prefix'" : "write prefix: \(prefix)")
      return nil
    }
    guard let key = Key(escaped: word) else {
      fault(
        node, "the key \(quoted(word)) has a backslash that does not begin an escape",
        hint: #"write a byte as \xNN, and the backslash itself as \x5c"#)
      return nil
    }
    return key
  }
}
