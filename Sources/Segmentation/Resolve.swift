import Catalogue
import Keyspace
import Names

extension Segmentation {
  /// Resolves a file with the catalogue into identities and roles.
  /// - Throws: ``CatalogueError`` if the catalogue has no table of the requested form.
  package init(_ file: SegmentationFile, catalogue: Catalogue) throws(CatalogueError) {
    var resolver = try Resolver(file, catalogue: catalogue)
    var identities = [Identity(user: Role.root, purpose: .administrator, roles: [Role.root])]
    for name in file.components { identities += try resolver.component(name) }
    for person in file.calicoctl {
      let roles = try resolver.roles(of: "calicoctl-\(person.access.rawValue)")
      identities.append(Identity(user: person.user, purpose: .calicoctl(person.access), roles: roles))
    }
    for custom in file.customRoles {
      resolver.roles.append(Role(name: custom.role, grants: custom.grants.map { Role.Line($0) }))
    }
    for custom in file.custom {
      let hasOwn = !custom.grants.isEmpty
      if hasOwn {
        resolver.roles.append(Role(name: custom.user, grants: custom.grants.map { Role.Line($0) }))
      }
      identities.append(
        Identity(
          user: custom.user, purpose: .custom, roles: (hasOwn ? [custom.user] : []) + custom.roles))
    }
    for apiserver in file.apiservers {
      let roles = try resolver.roles(of: "kube-apiserver")
      identities.append(Identity(user: apiserver, purpose: .apiserver, roles: roles))
    }
    for other in file.administrators {
      identities.append(
        Identity(user: other.user, purpose: .coAdministrator(why: other.why), roles: [Role.root]))
    }
    self.init(
      cluster: file.cluster, identities: identities, roles: resolver.roles,
      kubernetesPrefix: file.kubernetesPrefix)
  }
}

/// Creates the roles of the catalogue's components, each when it is first needed.
private struct Resolver {
  var roles: [Role] = []
  private let file: SegmentationFile
  private let catalogue: Catalogue
  /// One for each release in use, the file's own first.
  private let installations: [Installation]
  private var form: CatalogueForm { file.calico.roles }

  init(_ file: SegmentationFile, catalogue: Catalogue) throws(CatalogueError) {
    self.file = file
    self.catalogue = catalogue
    installations = try file.installations
  }

  /// The identities of a component: one, or one per node.
  mutating func component(_ name: String) throws(CatalogueError) -> [Identity] {
    let component = try known(name)
    let purpose = Identity.Purpose.component(name)
    let login: Identity.Login = component.password == nil ? .certificate : .password
    guard component.placement == .node, file.isolation != .component else {
      return [Identity(user: name, purpose: purpose, roles: try roles(of: name), login: login)]
    }
    guard file.isolation.usersPerNode else {
      return [
        Identity(
          user: name, purpose: purpose, roles: try roles(of: name), place: .nodes(file.nodes), login: login)
      ]
    }
    let shared = try roles(of: name)
    return file.nodes.map { node in
      let user = UserName.of(name, on: node)
      let own = shared.contains(Role.root) ? [] : Self.lines(needs { component.own(form, node, for: $0) })
      // A published table has no grants for single nodes.
      if !own.isEmpty { roles.append(Role(name: user, grants: own)) }
      return Identity(
        user: user, purpose: purpose, roles: shared + (own.isEmpty ? [] : [user]), place: .node(node),
        login: login)
    }
  }

  /// The roles that all identities of a component share: one with its name, and built-in roles of etcd if
  /// grants on keys are not enough.
  mutating func roles(of name: String) throws(CatalogueError) -> [String] {
    let component = try known(name)
    var builtIn: [String] = []
    for role in installations.flatMap({ component.roles(form, for: $0) }) where !builtIn.contains(role.role) {
      builtIn.append(role.role)
    }
    // An identity with the role root needs no other role.
    if builtIn.contains(Role.root) { return [Role.root] }
    if !roles.contains(where: { $0.name == name }) {
      let isDivided = component.placement == .node && file.isolation.usersPerNode
      let needs = needs {
        isDivided ? component.shared(form, for: $0) : component.grants(form, for: $0)
      }
      guard needs.contains(where: { !$0.grants.isEmpty }) else {
        throw CatalogueError(
          "Calico publishes no table for '\(name)'",
          hint: "use 'roles: corrected', or remove the component")
      }
      roles.append(Role(name: name, grants: Self.lines(needs, isDivided: isDivided)))
    }
    return [name] + builtIn
  }

  /// The grants that one of the releases in use needs.
  private typealias Need = (release: CalicoRelease, grants: [CatalogueGrant])

  private func needs(_ grants: (Installation) -> [CatalogueGrant]) -> [Need] {
    installations.map { ($0.release, grants($0)) }
  }

  private func known(_ name: String) throws(CatalogueError) -> Component {
    guard let component = catalogue[name] else {
      throw CatalogueError(
        "the catalogue has no component '\(name)'", hint: "'bulkhead catalogue' lists them")
    }
    return component
  }

  /// One line per range, because etcd stores one access per range: grants of the same range are merged, with
  /// the access and the reasons of all. A line within another that allows as much is kept, because the table
  /// is easier to compare with the catalogue than a minimal one.
  private static func lines(_ needs: [Need], isDivided: Bool = false) -> [Role.Line] {
    needs.flatMap { need in need.grants.map { (release: need.release, grant: $0) } }
      .groupedInOrder(by: \.grant.grant.range).map { range, same in
        var access = Access()
        // The releases in `also` that widen what the file's own release needs of the range.
        var others: [CalicoRelease] = []
        for (release, grant) in same where !access.contains(grant.grant.access) {
          access.formUnion(grant.grant.access)
          if release != needs.first?.release, others.last != release { others.append(release) }
        }
        let whyShared = isDivided ? joined(same.compactMap(\.grant.entry.nodeScope?.why)) : ""
        return Role.Line(
          Grant(range, access), why: joined(same.map(\.grant.entry.why)) + only(for: others),
          whyShared: whyShared.isEmpty ? nil : whyShared)
      }
  }

  private static func only(for releases: [CalicoRelease]) -> String {
    releases.isEmpty ? "" : " (only \(releases.map(\.description).joined(separator: " and ")))"
  }

  private static func joined(_ reasons: [String]) -> String {
    var seen: Set<String> = []
    let different = reasons.filter { seen.insert($0).inserted }
    // Shares the catalogue's string instead of a copy for each node.
    return different.count == 1 ? different[0] : different.joined(separator: "; ")
  }
}

extension SegmentationFile {
  /// The installation that selects entries of the catalogue.
  var installation: Installation {
    get throws(CatalogueError) { try installation(calico.release) }
  }

  /// One installation for each release in use, that of ``Calico/release`` first.
  var installations: [Installation] {
    get throws(CatalogueError) {
      var all = [try installation]
      for release in calico.also { all.append(try installation(release)) }
      return all
    }
  }

  private func installation(_ release: CalicoRelease) throws(CatalogueError) -> Installation {
    try Installation(
      release: release, features: Set(calico.features), region: calico.region,
      network: calico.network ?? Installation.defaultNetwork, kubernetesPrefix: kubernetesPrefix)
  }
}
