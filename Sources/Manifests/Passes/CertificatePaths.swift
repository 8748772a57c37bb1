/// Sets the paths of the three files at the places from which the components' variables get them. Only the
/// empty string is replaced; the trailing comment that repeats the path stays.
struct CertificatePaths {
  private let manifest: Manifest
  private(set) var findings: Findings

  init(_ manifest: Manifest, uses: [CredentialUse]) {
    self.manifest = manifest
    findings = Findings(in: manifest)
    var planned: [Int: CredentialFile] = [:]
    for use in uses where use.mount.path == CredentialFile.directory {
      requireVariables(of: use)
      for variable in use.container.environment {
        guard let file = CredentialFile(variable: variable.name),
          let place = source(of: variable, in: use.container, of: use.object)
        else { continue }
        let offset = place.node.range.lowerBound
        switch planned.updateValue(file, forKey: offset) {
        case nil: setPath(of: file, in: place)
        case file: break
        case let other?:
          findings.fault(
            at: offset, place.owner, place.part,
            "would be the path of both \(other.rawValue) and \(file.rawValue)",
            hint: "give each of the three files its own key")
        }
      }
    }
  }

  private mutating func setPath(of file: CredentialFile, in place: ScalarPlace) {
    let scalar = place.node
    let found = scalar.string ?? ""
    if found == file.path { return }
    guard found.isEmpty, case .scalar = scalar.content else {
      findings.fault(
        at: scalar.range.lowerBound, place.owner, place.part,
        "is \(found.isEmpty ? "no text" : found), not \(file.path)",
        hint: "set it to \"\(file.path)\" or to \"\", and mount the credential at \(CredentialFile.directory)"
      )
      return
    }
    findings.edit(.set(scalar, to: file.path), place.owner, place.part, "is \(file.path)")
  }

  /// calico-node, kube-controllers and calicoctl read all three variables; the CNI installer reads the
  /// folder.
  private mutating func requireVariables(of use: CredentialUse) {
    guard !use.isMapped, ["calico-node", "kube-controllers", "calicoctl"].contains(use.component) else {
      return
    }
    for file in CredentialFile.allCases where use.container.variable(file.variable) == nil {
      findings.fault(
        at: use.container.node.range.lowerBound, use.object, use.container.part,
        "mounts the credential and has no variable \(file.variable)",
        hint: "add \(file.variable) to its env with the path \(file.path)")
    }
  }

  /// The scalar with a variable's value, and its place.
  private mutating func source(
    of variable: EnvironmentVariable, in container: Container, of object: KubernetesObject
  ) -> ScalarPlace? {
    if let value = variable.value {
      return ScalarPlace(node: value, owner: object, part: "\(container.part), variable \(variable.name)")
    }
    guard let reference = variable.configMapKey else {
      findings.fault(
        at: variable.node.range.lowerBound, object, container.part,
        "gets \(variable.name) neither from a value nor from a ConfigMap", hint: "give the path as a value")
      return nil
    }
    return manifest.configMapValue(reference, for: variable, in: container, of: object, &findings)
  }
}
