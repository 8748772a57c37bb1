import Catalogue
import Names
import StrictYAML
import Text
import YAML

/// The names of roles that the rest of the file creates, which no listed role may use, and the listed roles.
struct RoleNames {
  private var catalogued: Set<String>
  private(set) var listed: [String: Int] = [:]

  init(
    components: [String], nodes: [NodeName], divided: [String],
    calicoctl: [SegmentationFile.CalicoctlUser], hasApiserver: Bool
  ) {
    catalogued = Set(components + calicoctl.map { "calicoctl-\($0.access.rawValue)" })
    if hasApiserver { catalogued.insert("kube-apiserver") }
    for component in divided { catalogued.formUnion(nodes.map { UserName.of(component, on: $0) }) }
  }

  /// Every role that a user in the file may have.
  func known(_ custom: [SegmentationFile.CustomComponent]) -> Set<String> {
    catalogued.union(listed.keys).union(custom.filter { !$0.grants.isEmpty }.map(\.user))
  }

  func isCatalogued(_ name: String) -> Bool { catalogued.contains(name) }

  mutating func list(_ name: String, line: Int) { listed[name] = line }
}

/// Reads the list `roles`: roles that the file defines and its custom users share.
extension FileReader {
  mutating func customRoles(
    _ node: Node?, _ custom: [SegmentationFile.CustomComponent], _ names: inout RoleNames
  ) -> [SegmentationFile.CustomRole] {
    elements(node, of: "'roles'").compactMap { node in
      let keys = ["role", "grants"]
      let fields = fields(node, of: "an entry of 'roles'", known: keys, required: keys)
      let grants = grants(fields["grants"])
      guard let place = fields["role"], let name = text(place, of: "'role'") else { return nil }
      if name == Role.root {
        fault(place, "the role 'root' is etcd's own", hint: "choose another name")
      } else if let problem = UserName.problem(with: name) {
        fault(place, "a role is named by the rules for users: \(problem.message)", hint: problem.hint)
      } else if names.isCatalogued(name) {
        fault(place, "the name '\(name)' belongs to a role of the catalogue", hint: "choose another name")
      } else if let line = names.listed[name] {
        fault(place, "the role '\(name)' is already listed on line \(line)", hint: "keep one of them")
      } else if custom.contains(where: { $0.user == name && !$0.grants.isEmpty }) {
        fault(
          place, "the custom user '\(name)' already has a role of this name",
          hint: "write its grants here, and 'roles: [\(name)]' there")
      } else {
        names.list(name, line: place.position.line)
        return SegmentationFile.CustomRole(role: name, grants: grants)
      }
      return nil
    }
  }

  /// Checks that the roles of custom users exist.
  mutating func checkRoles(
    _ node: Node?, of custom: [SegmentationFile.CustomComponent], _ names: RoleNames
  ) {
    let known = names.known(custom)
    for entry in node?.sequence ?? [] {
      let user = entry.mapping?["user"]?.string
      var seen = Set(custom.filter { $0.user == user && !$0.grants.isEmpty }.map(\.user))
      for role in entry.mapping?["roles"]?.sequence ?? [] {
        guard let name = role.string else { continue }
        if !known.contains(name) {
          fault(
            role, "unknown role \(quoted(name)) in the file",
            hint: NearestWord.hint(for: name, among: known.sorted()))
        } else if !seen.insert(name).inserted {
          fault(role, "the role '\(name)' is listed twice", hint: "keep one of them")
        }
      }
    }
  }
}
