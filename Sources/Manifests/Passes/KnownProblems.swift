/// Warns of known problems of the containers with a credential that Bulkhead does not change.
struct KnownProblems {
  private let manifest: Manifest
  private(set) var findings: Findings

  init(_ manifest: Manifest, uses: [CredentialUse]) {
    self.manifest = manifest
    findings = Findings(in: manifest)
    for use in uses {
      // With an agent no Secret is mounted, and the agent keeps the installer's copy current.
      if !manifest.isServed(use.pod) {
        if ComponentSignature.withoutRoot.contains(use.component) { checkMode(of: use) }
        if use.component == "cni-plugin", manifest.pluginFolder(of: use.pod) == nil {
          findings.add(InstallerProblems(manifest, use).findings)
        }
        checkOptional(use)
      }
      checkEndpoints(of: use)
    }
  }

  /// Since v3.17.1 kube-controllers runs as user 999 and group 0 (calico#4313), as Typha does.
  private mutating func checkMode(of use: CredentialUse) {
    guard let mode = use.volume.node["secret"]?["defaultMode"], let text = mode.string,
      let bits = Self.fileMode(text), bits & 0o040 == 0,
      use.container.image?.version.map({ $0 >= (3, 17, 1) }) ?? true
    else { return }
    findings.warn(
      .modeNotGroupReadable, at: mode.range.lowerBound, use.object, "volume \(use.volume.name)",
      "has the mode \(text), which \(use.component) cannot read: it runs as user 999, group 0 (calico#4313)",
      hint: "set defaultMode to 0440")
  }

  /// Parses a file mode as Kubernetes does: octal with a leading zero (YAML 1.1), else decimal.
  private static func fileMode(_ text: String) -> Int? {
    if text.hasPrefix("0o") { return Int(text.dropFirst(2), radix: 8) }
    return text.hasPrefix("0") ? Int(text, radix: 8) : Int(text)
  }

  private mutating func checkOptional(_ use: CredentialUse) {
    guard let optional = use.volume.node["secret"]?["optional"], optional.string == "true" else { return }
    findings.warn(
      .secretOptional, at: optional.range.lowerBound, use.object, "volume \(use.volume.name)",
      "is optional: without its Secret the pod starts anyway, and the CNI installer then writes a "
        + "configuration without a credential", hint: "remove `optional: true`")
  }

  private mutating func checkEndpoints(of use: CredentialUse) {
    let name = CredentialFile.endpointsVariable(of: use.component)
    guard let variable = use.container.variable(name) else { return }
    let place =
      if let value = variable.value {
        ScalarPlace(node: value, owner: use.object, part: use.container.part)
      } else {
        variable.configMapKey.flatMap { manifest.value(of: $0, from: use.object) }
      }
    guard let place, place.node.string?.contains("http://") == true else { return }
    findings.warn(
      .endpointsWithoutTLS, at: place.node.range.lowerBound, place.owner, place.part,
      "has an http endpoint: without TLS etcd gets no client certificate", hint: "use https endpoints")
  }
}
