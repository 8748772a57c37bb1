import Catalogue
import Keyspace

extension Segmentation {
  /// What the file wants, made concrete with the catalogue.
  /// - Throws: ``CatalogueError`` if the catalogue has no table of the form asked for.
  public init(_ file: SegmentationFile, catalogue: Catalogue) throws(CatalogueError) {
    let installation = try Installation(release: file.calico.release, features: Set(file.calico.features))
    var identities = [Identity(user: Role.root, purpose: .administrator, roles: [Role.root])]
    var roles: [Role] = []

    /// The roles of a component: its own, made when it is first needed, and etcd's where keys are not enough.
    func roleNames(of name: String) throws(CatalogueError) -> [String] {
      guard let component = catalogue[name] else {
        throw CatalogueError(
          "the catalogue has no component '\(name)'", hint: "'bulkhead catalogue' lists them")
      }
      let builtIn = component.roles(file.calico.roles, for: installation).map(\.role)
      // Whoever has the role root needs no other.
      if builtIn.contains(Role.root) { return [Role.root] }
      if !roles.contains(where: { $0.name == name }) {
        let grants = component.grants(file.calico.roles, for: installation)
        guard !grants.isEmpty else {
          throw CatalogueError(
            "Calico publishes no table for '\(name)'",
            hint: "use 'roles: corrected', or leave the component out")
        }
        roles.append(Role(name: name, grants: Self.merged(grants)))
      }
      return [name] + builtIn
    }

    for name in file.components {
      identities.append(Identity(user: name, purpose: .component(name), roles: try roleNames(of: name)))
    }
    for person in file.calicoctl {
      let roles = try roleNames(of: "calicoctl-\(person.access.rawValue)")
      identities.append(Identity(user: person.user, purpose: .calicoctl(person.access), roles: roles))
    }
    for custom in file.custom {
      roles.append(Role(name: custom.user, grants: custom.grants.map { Role.Line($0) }))
      identities.append(Identity(user: custom.user, purpose: .custom, roles: [custom.user]))
    }
    if let apiserver = file.apiserver {
      identities.append(
        Identity(user: apiserver, purpose: .apiserver, roles: try roleNames(of: "kube-apiserver")))
    }
    self.init(cluster: file.cluster, identities: identities, roles: roles)
  }

  /// One line for each range, since etcd holds one access for each: lines that name the same range become one with
  /// the access and the reasons of all. A line inside another that allows as much stays, because the table is
  /// easier to review against the catalogue than a minimal one.
  private static func merged(_ grants: [CatalogueGrant]) -> [Role.Line] {
    var order: [KeyRange] = []
    var access: [KeyRange: Access] = [:]
    var reasons: [KeyRange: [String]] = [:]
    for grant in grants {
      let range = grant.grant.range
      if access[range] == nil { order.append(range) }
      access[range, default: []].formUnion(grant.grant.access)
      if !reasons[range, default: []].contains(grant.entry.why) {
        reasons[range, default: []].append(grant.entry.why)
      }
    }
    return order.map { range in
      Role.Line(
        Grant(range, access[range, default: []]), why: reasons[range, default: []].joined(separator: "; "))
    }
  }
}
