/// Sets the path at which the CNI installer mounts the credential: at `/calico-secrets` it copies the files to the
/// host, elsewhere it does not, and the plugin reads the host's files itself.
struct InstallerMount {
  private(set) var findings: Findings

  init(_ manifest: Manifest, uses: [CredentialUse]) {
    findings = Findings(in: manifest)
    for use in uses where use.component == "cni-plugin" && !use.isMapped {
      let reads = manifest.pluginFolder(of: use.pod) != nil
      let path = reads ? CredentialFile.installerDirectory : CredentialFile.directory
      guard use.mount.path != path, let scalar = use.mount.node["mountPath"] else { continue }
      if let other = use.container.mounts.first(where: { $0.path == path }) {
        findings.fault(
          at: other.node.range.lowerBound, use.object, use.container.part,
          "mounts the credential twice, at \(use.mount.path) and at \(path)",
          hint: "remove one of the two mounts")
        continue
      }
      findings.edit(
        .set(scalar, to: path), use.object, use.container.part,
        reads
          ? "mounts \(path), from where it copies nothing to the host: the plugin reads the files itself"
          : "mounts \(path), from where it copies the files to the host")
    }
  }
}
