/// Sets the paths of the three files at the places from which the components' variables get them. The empty string is
/// replaced, and another file name in the folder of the credential; the trailing comment that repeats the path stays.
struct CertificatePaths {
  private let manifest: Manifest
  private(set) var findings: Findings

  init(_ manifest: Manifest, uses: [CredentialUse]) {
    self.manifest = manifest
    findings = Findings(in: manifest)
    var planned: [Int: String] = [:]
    for use in uses where manifest.isCredentialMount(use.mount, of: use.container) {
      requireVariables(of: use)
      // The installer does not read the variables that canal's manifest gives it; they share the values of
      // calico-node.
      let folder = use.component == "cni-plugin" && !use.isMapped ? CredentialFile.directory : use.mount.path
      for variable in use.container.environment {
        guard let file = CredentialFile(variable: variable.name),
          let place = source(of: variable, in: use.container, of: use.object)
        else { continue }
        let offset = place.node.range.lowerBound
        let path = file.path(in: folder)
        switch planned.updateValue(path, forKey: offset) {
        case nil: setPath(path, in: place)
        case path: break
        case let other?:
          findings.fault(
            at: offset, place.owner, place.part,
            "would be both \(other) and \(path)",
            hint: "give each file of each container its own key")
        }
      }
    }
  }

  /// - Parameter path: In the folder at which the credential is mounted.
  private mutating func setPath(_ path: String, in place: ScalarPlace) {
    let scalar = place.node
    let found = scalar.string ?? ""
    if found == path { return }
    let folder = CredentialFile.folder(of: path)
    // Another name in the same folder, such as `key.pem`, is that of a file of the old credential.
    guard found.isEmpty || CredentialFile.folder(of: found) == folder, case .scalar = scalar.content else {
      findings.fault(
        at: scalar.range.lowerBound, place.owner, place.part,
        "is \(found.isEmpty ? "no text" : found), not \(path)",
        hint: "set it to \"\(path)\" or to \"\", and mount the credential at \(folder)"
      )
      return
    }
    findings.edit(.set(scalar, to: path), place.owner, place.part, "is \(path)")
  }

  /// calico-node, kube-controllers, Typha and calicoctl read all three variables; the CNI installer reads the
  /// folder.
  private mutating func requireVariables(of use: CredentialUse) {
    guard !use.isMapped, ["calico-node", "kube-controllers", "calicoctl", "typha"].contains(use.component)
    else { return }
    for file in CredentialFile.allCases {
      let variable = file.variable(of: use.component)
      if use.container.variable(variable) != nil { continue }
      findings.fault(
        at: use.container.node.range.lowerBound, use.object, use.container.part,
        "mounts the credential and has no variable \(variable)",
        hint: "add \(variable) to its env with the path \(file.path)")
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
