/// Gives each component's mounts a volume with the component's own credential: from a Secret, from the host
/// or from an agent in the pod.
struct VolumeAssignment {
  private(set) var findings: Findings

  /// - Parameter isRefused: Whether an earlier pass found a fault.
  init(_ manifest: Manifest, uses: [CredentialUse], isRefused: Bool) {
    findings = Findings(in: manifest)
    findings.add(AgentRemoval(manifest).findings)
    for pod in manifest.pods {
      let uses = uses.of(pod)
      switch manifest.delivery(to: pod) {
      case .secrets:
        findings.add(SecretVolumes(manifest, pod, uses).findings)
      case .host(let folder):
        findings.add(HostVolumes(manifest, pod, uses, folder: folder).findings)
      case .agent(let agent):
        let components = manifest.components(of: pod, uses)
        let volumes = AgentVolumes(manifest, pod, uses, for: components)
        findings.add(volumes.findings)
        // An agent for a manifest that is refused would only lead to further faults.
        if uses.isEmpty || isRefused || findings.isRefused { continue }
        findings.add(
          AgentInsertion(agent, manifest, pod, uses, for: components, volumes: volumes.names).findings)
      }
    }
  }
}
