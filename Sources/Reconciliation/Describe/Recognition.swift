import Catalogue
import Etcd
import Keyspace
import Names
import Segmentation

/// Finds which users and roles of a running cluster match the catalogue.
///
/// A component or a calicoctl user is recognised if its user has exactly the roles, and each role exactly the
/// permissions, that the catalogue defines for one Calico release, one form of the tables and one set of
/// features. Of these combinations the one with the most matches is used.
struct Recognition {
  private let state: ClusterState
  private let catalogue: Catalogue
  /// The template with the most matches; it contains nothing that the cluster lacks.
  private(set) var template: FileTemplate
  /// The users and roles that match it.
  private(set) var users: Set<String> = []
  private(set) var roles: Set<String> = []
  /// Users of single nodes that differ from those of the other nodes.
  private(set) var differing: [Identity] = []

  /// - Parameters:
  ///   - template: What is known already: how to reach etcd, and the user of kube-apiserver.
  ///   - release: The release of Calico; nil if it is not known.
  init(_ state: ClusterState, _ template: FileTemplate, release: CalicoRelease?, _ catalogue: Catalogue) {
    self.state = state
    self.catalogue = catalogue
    self.template = template
    self.template.components = []
    self.template.calicoctl = calicoctlUsers()
    let nodes = nodes()
    if !nodes.isEmpty { self.template.isolation = .nodeUser }
    let candidates = components(onNodes: !nodes.isEmpty)
    // A few nodes are enough to find the release.
    self.template.nodes = nodes.prefix(3).map(\.text)
    chooseRelease(release, candidates)
    self.template.nodes = nodes.map(\.text)
    keepWhatMatches(candidates)
  }

  private mutating func chooseRelease(_ release: CalicoRelease?, _ candidates: [String]) {
    var best = (matches: -1, template: template)
    func consider(_ template: FileTemplate) {
      let count = matches(segmentation(template, candidates)).count
      if count > best.matches { best = (count, template) }
    }
    let releases = release.map { [$0] } ?? Self.allReleases
    for form in [CatalogueForm.corrected, .documented] {
      for release in releases {
        var candidate = template
        (candidate.calico, candidate.roles) = ("\(release)", form)
        consider(candidate)
      }
    }
    for feature in catalogue.features {
      var candidate = best.template
      candidate.features.append(feature.name)
      consider(candidate)
    }
    template = best.template
  }

  /// The newest first: of several releases with the same number of matches, the newest is the likeliest.
  private static var allReleases: [CalicoRelease] {
    (CalicoRelease.known.lowerBound.minor...CalicoRelease.newest.minor).reversed().map {
      CalicoRelease(major: 3, minor: $0)
    }
  }

  private mutating func keepWhatMatches(_ candidates: [String]) {
    var found = matches(segmentation(template, candidates))
    if template.isolation == .nodeUser {
      // If the users of one node differ from those of all others, that is drift, not a description of its
      // own.
      let divided = Set(found.filter { $0.node != nil }.compactMap(\.component))
      if divided.isEmpty { template.isolation = .component }
      template.nodes = template.nodes.filter { node in
        !divided.isEmpty && divided.allSatisfy { state.users["\($0).\(node)"] != nil }
      }
      let whole = segmentation(template, candidates.filter { !isDivided($0) || divided.contains($0) })
      found = matches(whole)
      let exact = Set(found.map(\.user))
      differing = (whole?.identities ?? []).filter { $0.node != nil && !exact.contains($0.user) }
      found += differing
    }
    let components = Set(found.compactMap(\.component))
    template.components = candidates.filter(components.contains)
    let people = Set(found.filter { if case .calicoctl = $0.purpose { true } else { false } }.map(\.user))
    template.calicoctl = template.calicoctl.filter { people.contains($0.user) }
    users = Set(found.map(\.user))
    roles = Set(found.flatMap(\.roles))
  }

  /// The identities whose user and roles are exactly so in the cluster.
  private func matches(_ segmentation: Segmentation?) -> [Identity] {
    guard let segmentation else { return [] }
    let exact = DesiredState(segmentation).roles.filter { role in
      let found = state.roles[role.name] ?? []
      return found.count == role.permissions.count && Set(found) == Set(role.permissions)
    }
    let names = Set(exact.map(\.name)).union([Role.root])
    return segmentation.identities.filter { identity in
      identity.user != Role.root && state.users[identity.user]?.roles == Set(identity.roles)
        && names.isSuperset(of: identity.roles)
    }
  }

  private func segmentation(_ template: FileTemplate, _ candidates: [String]) -> Segmentation? {
    var template = template
    template.components = candidates.filter {
      template.roles == .corrected || catalogue[$0]?.documented != nil
    }
    if template.roles == .documented {
      template.calicoctl = template.calicoctl.filter {
        catalogue["calicoctl-\($0.access)"]?.documented != nil
      }
    }
    guard let file = try? SegmentationFile(template.text, file: "", catalogue: catalogue) else { return nil }
    return try? Segmentation(file, catalogue: catalogue)
  }

  private func components(onNodes: Bool) -> [String] {
    let withNodes = Set(state.users.keys.compactMap { $0.split(separator: ".").first.map(String.init) })
    return catalogue.components.filter { component in
      guard component.placement != .person, component.name != "kube-apiserver" else { return false }
      let isDivided = onNodes && component.placement == .node
      return isDivided ? withNodes.contains(component.name) : state.users[component.name] != nil
    }.map(\.name)
  }

  private func isDivided(_ component: String) -> Bool { catalogue[component]?.placement == .node }

  /// The nodes that have their own users, such as `calico-node.node-1`.
  private func nodes() -> [NodeName] {
    var nodes: Set<NodeName> = []
    for user in state.users.keys {
      guard let dot = user.firstIndex(of: "."), isDivided(String(user[..<dot])),
        let node = try? NodeName(String(user[user.index(after: dot)...]))
      else { continue }
      nodes.insert(node)
    }
    return nodes.sorted()
  }

  private func calicoctlUsers() -> [(user: String, access: String)] {
    state.users.keys.sorted().compactMap { name in
      guard let role = state.users[name]?.roles.first, state.users[name]?.roles.count == 1,
        role.hasPrefix("calicoctl-"), UserName.problem(withUser: name) == nil
      else { return nil }
      let access = String(role.dropFirst("calicoctl-".count))
      return SegmentationFile.CalicoctlUser.Access(rawValue: access).map { (name, $0.rawValue) }
    }
  }
}
