import Keyspace
import StrictYAML
import Text
import YAML

/// Reads the list `rules`: what the segmentation has to keep.
extension FileReader {
  private static let ruleKeys = [
    "name", "only", "separate", "access", "key", "prefix", "from", "to", "why",
  ]

  /// - Parameter known: Whether an identity has this name; nil while the nodes, and so their users, are not known.
  mutating func rules(_ node: Node?, known: Set<String>?) -> [AccessRule] {
    var lines: [String: Int] = [:]
    return elements(node, of: "'rules'").compactMap { node in
      let before = faults.count
      let fields = fields(node, of: "a rule", known: Self.ruleKeys, required: ["name", "why"])
      let name = text(fields["name"], of: "'name'")
      let why = text(fields["why"], of: "'why'")
      if let name, let line = lines.updateValue(node.position.line, forKey: name) {
        fault(
          node, "the rule \(quoted(name)) is already on line \(line)", hint: "give each rule its own name")
      }
      let access = access(fields["access"])
      guard (fields["only"] == nil) != (fields["separate"] == nil) else {
        fault(
          node, "a rule has either 'only' or 'separate'",
          hint: "'only' lists who may have an access, 'separate' two lists of identities that share no key")
        return nil
      }
      let claim =
        fields["only"].map { only($0, access, fields, node, known) }
        ?? separate(fields["separate"], fields, known)
      guard faults.count == before, let name, let why, let claim else { return nil }
      return AccessRule(name: name, claim: claim, why: why)
    }
  }

  private mutating func only(
    _ list: Node, _ access: Access?, _ fields: [String: Node], _ rule: Node, _ known: Set<String>?
  ) -> AccessRule.Claim? {
    let users = names(list, of: "'only'", known)
    if fields["access"] == nil {
      fault(rule, "a rule with 'only' lacks the key 'access'", hint: "read or write")
    }
    guard let range = ruleRange(fields) else {
      fault(rule, "a rule with 'only' has no keys", hint: "give it 'key', 'prefix', or 'from' and 'to'")
      return nil
    }
    return access.map { .only(users, $0, range) }
  }

  private mutating func separate(
    _ list: Node?, _ fields: [String: Node], _ known: Set<String>?
  ) -> AccessRule.Claim? {
    guard let list else { return nil }
    if let access = fields["access"] {
      fault(
        access, "a rule with 'separate' takes no 'access'",
        hint: "it means: no identity of one side may write a key that the other may read or write")
    }
    let sides = elements(list, of: "'separate'").map { side in
      side.sequence == nil
        ? names([side], known) : names(side, of: "a side of 'separate'", known)
    }
    guard sides.count == 2, !sides.contains([]) else {
      fault(
        list, "'separate' must have two sides",
        hint: "write separate: [a, b], or separate: [[a, b], [c]] for several identities on a side")
      return nil
    }
    if let both = sides[0].first(where: sides[1].contains) {
      fault(list, "\(quoted(both)) is on both sides of 'separate'", hint: "keep it on one side")
    }
    return .separate(sides[0], sides[1], ruleRange(fields) ?? .everything)
  }

  private mutating func ruleRange(_ fields: [String: Node]) -> KeyRange? {
    guard let node = fields["key"] ?? fields["prefix"] ?? fields["from"] ?? fields["to"] else { return nil }
    guard ["key", "prefix", "from"].count(where: { fields[$0] != nil }) == 1 else {
      fault(node, "a rule has one of 'key', 'prefix' and 'from'", hint: "write one rule for each range")
      return nil
    }
    return keys(fields)
  }

  private mutating func names(_ list: Node, of place: String, _ known: Set<String>?) -> [String] {
    names(elements(list, of: place), known)
  }

  private mutating func names(_ nodes: [Node], _ known: Set<String>?) -> [String] {
    nodes.compactMap { node in
      guard let name = text(node, of: "the name of an identity") else { return nil }
      if let known, !known.contains(name) {
        fault(
          node, "the file has no identity \(quoted(name))",
          hint: NearestWord.hint(for: name, among: known.sorted()))
      }
      return name
    }
  }
}
