import Catalogue
import Keyspace
import StrictYAML

/// Rules about how the file describes the installation, checked against the catalogue.
enum InstallationLint {
  static let rules = [
    missing, excessive, seeds, seeded, useless, apiserver, single, lifetime, password, releases,
  ]

  static let missing = LintRule(
    "BH030", .error, "a component lacks access that its release needs",
    why: "Calico's published tables are older than the programs", advice: "use 'roles: corrected'")
  static let excessive = LintRule(
    "BH031", .warning, "a component may do more than it needs",
    why: "its certificate gives access that it does not need", advice: "use 'roles: corrected'")
  static let seeds = LintRule(
    "BH032", .info, "grants to create objects are unnecessary if the objects exist beforehand",
    why: "a component may always write an object that it only creates if missing",
    advice: "create the objects and add the feature 'seeded'")
  static let seeded = LintRule(
    "BH033", .info, "the feature 'seeded' states that these objects exist",
    why: "a component that does not find one tries to create it, is refused, and may not start",
    advice: "create them before a component starts")
  static let useless = LintRule(
    "BH034", .warning, "a feature has no effect",
    why: "it changes nothing for the components of the file on this release",
    advice: "remove it, or add the component that has it")
  static let apiserver = LintRule(
    "BH035", .info, "no kube-apiserver is named",
    why: "if Kubernetes uses this etcd, turning authentication on locks the API server out",
    advice:
      "write the Common Name of its client certificate under 'kubernetes'; ignore this if only Calico uses etcd"
  )
  static let single = LintRule(
    "BH036", .warning, "all Calico components share one user",
    why: "one certificate can read and write all of Calico's keys",
    advice: "list the components: [calico-node, cni-plugin, kube-controllers]")
  static let lifetime = LintRule(
    "BH037", .warning, "certificates are valid for more than a year",
    why:
      "a stolen certificate works until it expires or its user is deleted, and etcd reads a revocation "
      + "list only if it was started with one", advice: "use 90d, and renew certificates")

  static let password = LintRule(
    "BH038", .info, "a component logs in with a password",
    why: "a password can be copied and does not expire, and its client is refused while it is changed",
    advice:
      "let only root read its file, and change the password with 'bulkhead certs renew --password' when a person with access leaves"
  )

  static let releases = LintRule(
    "BH039", .info, "several releases of Calico are in use",
    why: "what only one of them needs stays allowed to all",
    advice:
      "when the last node runs the release of 'calico.version', remove 'calico.also', then 'bulkhead plan' and "
      + "'bulkhead apply'")

  static func findings(
    _ file: SegmentationFile, catalogue: Catalogue
  ) throws(CatalogueError) -> [LintFinding] {
    let installation = try file.installation
    let used = file.tables.compactMap { catalogue[$0] }
    var findings = useless(file, catalogue: catalogue)
    if file.calico.roles == .documented {
      for component in used { findings += documented(component, installation) }
    }
    let place = LintFinding.Place.file("calico.features")
    let isSeeded = installation.features.contains(Seed.feature)
    var needed: [Seed] = []
    for seed in used.flatMap({ $0.seeds(for: installation) })
    where !needed.contains(where: { $0.key == seed.key }) {
      // A seed that saves no grant must exist in any case.
      if file.calico.roles == .corrected, isSeeded || !seed.spares.isEmpty { needed.append(seed) }
    }
    if !needed.isEmpty {
      findings.append(
        LintFinding(
          isSeeded ? seeded : seeds, place,
          isSeeded
            ? "these objects must exist before the components start"
            : "these grants are needed only to create objects once",
          details: needed.map { "\($0.key): must \($0.must)" }))
    }
    findings += used.compactMap { component in
      component.password.map {
        LintFinding(
          password, .identity(component.name), "'\(component.name)' logs in with a password",
          details: [$0.why])
      }
    }
    if file.apiservers.isEmpty {
      findings.append(LintFinding(apiserver, .file("kubernetes"), "the file names no kube-apiserver"))
    }
    if let others = try alsoNeeded(file, catalogue: catalogue) { findings.append(others) }
    if file.components.contains("calico") {
      findings.append(
        LintFinding(single, .identity("calico"), "'calico' may read and write everything under /calico/"))
    }
    if file.certificates.lifetime.seconds > 366 * 86_400 {
      findings.append(
        LintFinding(
          lifetime, .file("certificates.lifetime"), "certificates are valid for \(file.certificates.lifetime)"
        ))
    }
    return findings
  }

  private static func documented(_ component: Component, _ installation: Installation) -> [LintFinding] {
    // An identity with the role root lacks nothing, and another rule reports that it has root.
    guard !component.roles(.documented, for: installation).contains(where: { $0.role == Role.root }),
      let comparison = CatalogueComparison(of: component, for: installation)
    else { return [] }
    var findings: [LintFinding] = []
    if !comparison.missing.isEmpty {
      findings.append(
        LintFinding(
          missing, .role(component.name),
          "the published table of \(component.name) lacks what \(installation.release) needs",
          details: comparison.missing.map { difference in
            "\(difference.grant.grant): \(difference.grant.entry.without ?? difference.grant.entry.why)"
          }))
    }
    if !comparison.excessive.isEmpty {
      findings.append(
        LintFinding(
          excessive, .role(component.name),
          "the published table of \(component.name) allows more than the programs use",
          details: comparison.excessive.map { difference in
            "\(difference.grant.grant)\(difference.grant.entry.excess.map { ": \($0)" } ?? "")"
          }))
    }
    return findings
  }

  /// What the releases of `calico.also` add, judged with the first node only; nil without such releases.
  private static func alsoNeeded(
    _ file: SegmentationFile, catalogue: Catalogue
  ) throws(CatalogueError) -> LintFinding? {
    guard !file.calico.also.isEmpty else { return nil }
    var both = file
    both.nodes = Array(file.nodes.prefix(1))
    var alone = both
    alone.calico.also = []
    let without = try Segmentation(alone, catalogue: catalogue)
    let details = try Segmentation(both, catalogue: catalogue).roles.flatMap { role in
      let kept = without[role: role.name]?.grants.map(\.grant) ?? []
      return role.grants.filter { !kept.contains($0.grant) }.map { "\(role.name): \($0.grant): \($0.why)" }
    }
    let names = file.calico.also.map(\.description).joined(separator: ", ")
    return LintFinding(
      releases, .file("calico.also"),
      details.isEmpty
        ? "\(names) needs nothing that \(file.calico.release) does not need"
        : "these are granted for \(names) only", details: details)
  }

  /// Features whose removal leaves the segmentation unchanged, judged with the first node only.
  private static func useless(_ file: SegmentationFile, catalogue: Catalogue) -> [LintFinding] {
    var small = file
    small.nodes = Array(file.nodes.prefix(1))
    let with = try? Segmentation(small, catalogue: catalogue)
    return file.calico.features.compactMap { feature in
      var without = small
      without.calico.features.removeAll { $0 == feature }
      guard let with, let other = try? Segmentation(without, catalogue: catalogue), with == other else {
        return nil
      }
      return LintFinding(
        useless, .file("calico.features"),
        "the feature '\(feature)' changes nothing on Calico \(file.calico.release)")
    }
  }
}

extension SegmentationFile {
  /// The components of the catalogue whose tables the file uses, each once.
  fileprivate var tables: [String] {
    let accesses = CalicoctlUser.Access.allCases.filter { access in calicoctl.contains { $0.access == access }
    }
    return components + accesses.map { "calicoctl-\($0.rawValue)" }
      + (apiservers.isEmpty ? [] : ["kube-apiserver"])
  }
}
