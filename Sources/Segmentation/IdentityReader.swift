import Catalogue
import Keyspace
import Yams

/// The parts of the file that name identities. `names` holds every name so far with the line it stands on.
extension FileReader {
  mutating func components(_ node: Node?, catalogue: Catalogue, names: inout [String: Int]) -> [String] {
    // calicoctl and kube-apiserver have sections of their own.
    let known = catalogue.components.filter { $0.placement != .person }.map(\.name).filter {
      $0 != "kube-apiserver"
    }
    return elements(node, of: "'components'").compactMap { node in
      guard let name = text(node, of: "a component") else { return nil }
      guard known.contains(name) else {
        fault(node, "there is no component '\(name)'", hint: NearestWord.hint(for: name, among: known))
        return nil
      }
      return claim(name, node, &names) ? name : nil
    }
  }

  mutating func calicoctlUsers(_ node: Node?, names: inout [String: Int]) -> [SegmentationFile.CalicoctlUser]
  {
    elements(node, of: "'calicoctl'").compactMap { node in
      let keys = ["user", "access"]
      let fields = fields(node, of: "an entry of 'calicoctl'", known: keys, required: keys)
      let access: SegmentationFile.CalicoctlUser.Access? = choice(fields["access"], of: "'access'")
      guard let user = user(fields["user"], of: "'user'", &names), let access else { return nil }
      return SegmentationFile.CalicoctlUser(user: user, access: access)
    }
  }

  mutating func customComponents(_ node: Node?, names: inout [String: Int]) -> [SegmentationFile
    .CustomComponent]
  {
    elements(node, of: "'custom'").compactMap { node in
      let keys = ["user", "grants"]
      let fields = fields(node, of: "an entry of 'custom'", known: keys, required: keys)
      let grants = elements(fields["grants"], of: "'grants'").compactMap { self.grant($0) }
      guard let user = user(fields["user"], of: "'user'", &names) else { return nil }
      return SegmentationFile.CustomComponent(user: user, grants: grants)
    }
  }

  mutating func apiserver(_ node: Node?, names: inout [String: Int]) -> String? {
    guard let node else { return nil }
    let fields = fields(node, of: "'kubernetes'", known: ["apiserver"], required: ["apiserver"])
    return user(fields["apiserver"], of: "'kubernetes.apiserver'", &names)
  }

  /// A grant of a custom component: a key or a prefix, and an access.
  private mutating func grant(_ node: Node) -> Grant? {
    let fields = fields(node, of: "a grant", known: ["key", "prefix", "access"], required: ["access"])
    var access: Access?
    if let node = fields["access"], let word = text(node, of: "'access'") {
      access = Access(word)
      if access == nil {
        fault(
          node, "'access' cannot be '\(word)'",
          hint: NearestWord.hint(for: word, among: ["read", "write", "readwrite"]))
      }
    }
    guard (fields["key"] == nil) != (fields["prefix"] == nil) else {
      fault(
        node, "a grant has either 'key' or 'prefix'", hint: "a prefix covers every key that begins with it")
      return nil
    }
    guard let place = fields["key"] ?? fields["prefix"], let word = text(place, of: "the range of a grant"),
      let access
    else { return nil }
    guard !word.hasSuffix("*") else {
      fault(
        place, "etcd has no wildcards, found '\(word)'",
        hint: "write prefix: \(word.drop { $0 == "*" }.prefix { $0 != "*" })")
      return nil
    }
    return Grant(fields["key"] == nil ? .prefix(Key(word)) : .key(Key(word)), access)
  }

  private mutating func user(_ node: Node?, of place: String, _ names: inout [String: Int]) -> String? {
    guard let node, let name = text(node, of: place) else { return nil }
    if let problem = UserName.problem(with: name) {
      fault(node, problem.message, hint: problem.hint)
      return nil
    }
    return claim(name, node, &names) ? name : nil
  }

  private mutating func claim(_ name: String, _ node: Node, _ names: inout [String: Int]) -> Bool {
    if let line = names[name] {
      fault(
        node, "the name '\(name)' is taken already, on line \(line)",
        hint: "every identity has a name of its own")
      return false
    }
    names[name] = node.mark?.line ?? 1
    return true
  }
}
