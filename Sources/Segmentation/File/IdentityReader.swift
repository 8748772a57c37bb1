import Catalogue
import Keyspace
import Names
import StrictYAML
import Text
import YAML

/// Reads the parts of the file that name identities.
extension FileReader {
  mutating func components(_ node: Node?, catalogue: Catalogue, names: inout ClaimedNames) -> [String] {
    let known = catalogue.components.filter { !$0.hasOwnSection }.map(\.name)
    return elements(node, of: "'components'").compactMap { node in
      guard let name = text(node, of: "a component") else { return nil }
      guard known.contains(name) else {
        fault(
          node, "unknown component \(quoted(name))",
          hint: catalogue[name] == nil
            ? NearestWord.hint(for: name, among: known)
            : "it has its own section: calicoctl or kubernetes")
        return nil
      }
      return claim(name, node, &names) ? name : nil
    }
  }

  /// - Parameters:
  ///   - components: The components that have a user for each node.
  ///   - kubernetes: Gets the names of nodes that have another one in Kubernetes.
  mutating func nodes(
    _ node: Node?, dividing components: [String], names: inout ClaimedNames,
    kubernetes: inout [String: NodeName]
  ) -> [NodeName] {
    var nodes: [NodeName] = []
    var lines: [NodeName: Int] = [:]
    for node in elements(node, of: "'nodes'") {
      guard let name = nodeEntry(node, kubernetes: &kubernetes) else { continue }
      if let line = lines[name] {
        fault(node, "the node '\(name)' is already listed on line \(line)", hint: "keep one of them")
        continue
      }
      lines[name] = node.position.line
      nodes.append(name)
      for component in components {
        let user = UserName.of(component, on: name)
        if let problem = UserName.problem(with: user) {
          fault(node, problem.message, hint: Self.withoutUsers(problem.advice))
        } else {
          _ = claim(user, node, &names)
        }
      }
    }
    // In Kubernetes the name of such an entry is that of another node.
    let mapped = Set(kubernetes.values)
    for name in nodes where !mapped.contains(name) {
      guard let other = kubernetes[name.text], let node else { continue }
      fault(
        node, "two nodes have the name '\(name)' in Kubernetes: '\(other)' and '\(name)'",
        hint: "write \(name): {kubernetes: NAME} with its name in Kubernetes")
    }
    return nodes
  }

  /// Claims the names of the users on the nodes of a list, whose own names are valid already.
  /// - Parameter line: The line of the segmentation file to name when a user's name is taken already.
  mutating func nodes(
    _ list: NodeList, line: Int, dividing components: [String], names: inout ClaimedNames,
    faults: inout [Fault]
  ) -> [NodeName] {
    var seen: Set<NodeName> = []
    for name in list.names {
      guard seen.insert(name).inserted else {
        faults.append(
          list.fault(
            name,
            "two nodes of the list are '\(name)' in Calico: one by its name, one by 'kubernetes' of the file",
            hint: "write under 'nodes' of the file which name each of the two has in Calico"))
        continue
      }
      for component in components {
        let user = UserName.of(component, on: name)
        if let problem = UserName.problem(with: user) {
          faults.append(list.fault(name, problem.message, hint: Self.withoutUsers(problem.advice)))
        } else if let line = names.claim(user, line: line) {
          faults.append(
            list.fault(
              name, "the name '\(user)' is already used on line \(line) of the segmentation's file",
              hint: "give each identity its own name"))
        }
      }
    }
    return list.names
  }

  private static func withoutUsers(_ hint: String) -> String {
    "\(hint); isolation 'node-certificate' needs no such users"
  }

  /// Calico's names of nodes by those in Kubernetes, from the entries of a list that have both.
  mutating func kubernetesNames(_ node: Node?) -> [String: NodeName] {
    var kubernetes: [String: NodeName] = [:]
    for node in elements(node, of: "'nodes'") { _ = nodeEntry(node, kubernetes: &kubernetes) }
    return kubernetes
  }

  /// `NAME`, or `NAME: {kubernetes: NAME}`.
  private mutating func nodeEntry(_ node: Node, kubernetes: inout [String: NodeName]) -> NodeName? {
    guard let mapping = node.mapping else { return nodeName(node) }
    guard mapping.pairs.count == 1, let (key, value) = mapping.pairs.first else {
      fault(node, "an entry of 'nodes' has more than one name", hint: "write NAME: {kubernetes: NAME}")
      return nil
    }
    let fields = fields(value, of: "a node", known: ["kubernetes"], required: ["kubernetes"])
    guard let name = nodeName(key),
      let other = text(fields["kubernetes"], of: "'kubernetes' of a node", numbers: true)
    else { return nil }
    guard kubernetes.updateValue(name, forKey: other) == nil else {
      fault(value, "two nodes have the name \(quoted(other)) in Kubernetes", hint: "keep one of them")
      return nil
    }
    return name
  }

  private mutating func nodeName(_ node: Node) -> NodeName? {
    guard let text = text(node, of: "a node's name", numbers: true) else { return nil }
    do {
      return try NodeName(text)
    } catch {
      fault(node, error.message, hint: error.hint)
      return nil
    }
  }

  mutating func calicoctlUsers(
    _ node: Node?, names: inout ClaimedNames
  ) -> [SegmentationFile.CalicoctlUser] {
    elements(node, of: "'calicoctl'").compactMap { node in
      let keys = ["user", "access"]
      let fields = fields(node, of: "an entry of 'calicoctl'", known: keys, required: keys)
      let access: SegmentationFile.CalicoctlUser.Access? = choice(fields["access"], of: "'access'")
      guard let user = user(fields["user"], of: "'user'", &names), let access else { return nil }
      return SegmentationFile.CalicoctlUser(user: user, access: access)
    }
  }

  mutating func customComponents(
    _ node: Node?, catalogue: Catalogue, names: inout ClaimedNames
  ) -> [SegmentationFile.CustomComponent] {
    elements(node, of: "'custom'").compactMap { node in
      let fields = fields(
        node, of: "an entry of 'custom'", known: ["user", "grants", "roles"],
        required: ["user"] + (node.mapping?["roles"] == nil ? ["grants"] : []))
      let grants = grants(fields["grants"])
      let roles = elements(fields["roles"], of: "'roles'").compactMap { text($0, of: "a role") }
      guard let user = user(fields["user"], of: "'user'", &names), let name = fields["user"] else {
        return nil
      }
      // The role of a custom component has the component's name and must not replace another role.
      if catalogue[user]?.hasOwnSection == true {
        fault(name, "the name '\(user)' belongs to a role of the catalogue", hint: "choose another name")
        return nil
      }
      return SegmentationFile.CustomComponent(user: user, grants: grants, roles: roles)
    }
  }

  /// One name, or a list of names: API servers on several hosts may each have a name of their own.
  mutating func apiservers(_ node: Node?, names: inout ClaimedNames) -> [String] {
    guard let node else { return [] }
    let fields = fields(
      node, of: "'kubernetes'", known: ["apiserver", "prefix"], required: ["apiserver"])
    guard let list = fields["apiserver"] else { return [] }
    guard list.sequence != nil else {
      return [user(list, of: "'kubernetes.apiserver'", &names)].compactMap { $0 }
    }
    if list.sequence?.isEmpty == true {
      fault(
        list, "'kubernetes.apiserver' is empty", hint: "name the API server's user, or remove 'kubernetes'")
    }
    return elements(list, of: "'kubernetes.apiserver'").compactMap {
      user($0, of: "a name of 'kubernetes.apiserver'", &names)
    }
  }

  /// kube-apiserver's `--etcd-prefix`.
  mutating func kubernetesPrefix(_ node: Node?) -> Key {
    guard let node = node?.mapping?["prefix"], let text = text(node, of: "'kubernetes.prefix'") else {
      return .kubernetes
    }
    do {
      return try Installation.kubernetesPrefix(text)
    } catch {
      fault(node, error.message, hint: error.hint)
      return .kubernetes
    }
  }

  mutating func administrators(_ node: Node?, names: inout ClaimedNames) -> [SegmentationFile.Administrator] {
    elements(node, of: "'administrators'").compactMap { node in
      let keys = ["user", "why"]
      let fields = fields(node, of: "an entry of 'administrators'", known: keys, required: keys)
      let why = text(fields["why"], of: "'why'")
      guard let user = user(fields["user"], of: "'user'", &names), let why else { return nil }
      return SegmentationFile.Administrator(user: user, why: why)
    }
  }

  private mutating func user(_ node: Node?, of place: String, _ names: inout ClaimedNames) -> String? {
    guard let node, let name = text(node, of: place) else { return nil }
    if let problem = UserName.problem(withUser: name) {
      fault(node, problem.message, hint: problem.hint)
      return nil
    }
    return claim(name, node, &names) ? name : nil
  }

  private mutating func claim(_ name: String, _ node: Node, _ names: inout ClaimedNames) -> Bool {
    guard let line = names.claim(name, line: node.position.line) else { return true }
    fault(
      node, "the name '\(name)' is already used on line \(line)",
      hint: "give each identity its own name")
    return false
  }
}

extension Component {
  /// calicoctl's users and kube-apiserver are not listed under `components`, because they have names of their
  /// own.
  fileprivate var hasOwnSection: Bool { placement == .person || name == "kube-apiserver" }
}
