/// The folders on hosts that pods do not read any more after this change: with the private keys in them they stay on each
/// host until somebody removes them.
struct HostLeftovers {
  private let manifest: Manifest
  private(set) var findings: Findings

  init(_ manifest: Manifest, uses: [CredentialUse]) {
    self.manifest = manifest
    findings = Findings(in: manifest)
    var kept: Set<String> = []
    for pod in manifest.pods {
      for component in manifest.components(of: pod, uses.of(pod)) {
        kept.formUnion([manifest.folder(of: component, in: pod)].compactMap(\.self))
      }
    }
    for pod in manifest.pods where pod.object.kind == "DaemonSet" {
      for old in Self.folders(of: pod, uses.of(pod)) where !kept.contains(old.path) {
        guard !findings.leftovers.contains(where: { $0.path == old.path }) else { continue }
        findings.leftovers.append(old)
      }
    }
    for pod in manifest.pods { warn(of: pod, uses.of(pod)) }
  }

  /// A folder on each host, with a component's credential.
  struct Leftover: Hashable {
    let path: String
    /// Whether an agent in the pods wrote it.
    let isAgents: Bool
  }

  /// Those that Bulkhead's earlier results have: an agent wrote them, or `bulkhead bundle` filled them.
  private static func folders(of pod: PodSpec, _ uses: [CredentialUse]) -> [Leftover] {
    let agents = pod.containers.filter(AgentContainer.isOwn).flatMap(\.mounts)
      .filter { $0.path.hasPrefix(AgentContainer.folder(of: "")) }
    var found: [Leftover] = []
    for volume in pod.volumes {
      guard let path = volume.hostFolder, !path.isEmpty else { continue }
      if agents.contains(where: { $0.volumeName == volume.name }) {
        found.append(Leftover(path: path, isAgents: true))
      } else if volume.node["hostPath"]?["type"]?.string == "Directory",
        uses.contains(where: { $0.volume.name == volume.name && path.hasSuffix("/\($0.component)") })
      {
        found.append(Leftover(path: path, isAgents: false))
      }
    }
    return found
  }

  private mutating func warn(of pod: PodSpec, _ uses: [CredentialUse]) {
    let paths = Self.folders(of: pod, uses).filter(findings.leftovers.contains).map(\.path)
    guard !paths.isEmpty else { return }
    findings.warn(
      .hostLeftovers, at: pod.node.range.lowerBound, pod.object, nil,
      "leaves credentials on each host, in \(paths.joined(separator: " and ")), which it does not read any more",
      hint: "after the rollout, on each host: \(Self.removal(of: paths))")
  }

  /// The command that removes folders on a host.
  static func removal(of paths: [String]) -> String {
    "rm -rf -- " + paths.map { Runbook.word($0) }.joined(separator: " ")
  }
}

extension Manifest {
  /// The folder on each host from which a component of the pod gets its credential, or to which the agent writes it; nil
  /// for none.
  fileprivate func folder(of component: String, in pod: PodSpec) -> String? {
    if case .host(let folder) = delivery(to: pod) { return "\(folder)/\(component)" }
    return agentFolder(of: pod).map { "\($0)/\(component)" }
  }
}
