extension Manifest {
  /// How the pods get their credentials. From the host in a DaemonSet only, because other pods are not bound
  /// to a host. From an agent only where pods run until they are replaced: with an agent, a Job would never
  /// end, and a Pod is created by hand.
  func delivery(to pod: PodSpec) -> ManifestOptions.Delivery {
    let kinds =
      switch options.delivery {
      case .secrets: [String]()
      case .host: ["DaemonSet"]
      case .agent: ["DaemonSet", "Deployment", "StatefulSet", "ReplicaSet"]
      }
    return kinds.contains(pod.object.kind) ? options.delivery : .secrets
  }

  /// Whether the pods get their credentials from the host.
  func isHosted(_ pod: PodSpec) -> Bool {
    if case .host = delivery(to: pod) { true } else { false }
  }

  /// Whether the pods get their credentials from an agent.
  func isServed(_ pod: PodSpec) -> Bool {
    if case .agent = delivery(to: pod) { true } else { false }
  }

  /// The folder on each host in which the pod's agent keeps the credentials; nil if it keeps them in memory, and where
  /// no agent is. Only the pods of a DaemonSet stay on their host.
  func agentFolder(of pod: PodSpec) -> String? {
    guard case .agent(let agent) = delivery(to: pod), pod.object.kind == "DaemonSet" else { return nil }
    return agent.folder
  }

  /// The folder on each host from which the CNI plugin reads its files itself; nil if it reads what the installer in
  /// the pod copies.
  func pluginFolder(of pod: PodSpec) -> String? {
    let folder: String? =
      if case .host(let folder) = delivery(to: pod) { folder } else { agentFolder(of: pod) }
    return folder.map { "\($0)/cni-plugin" }
  }

  /// The components whose credentials a pod needs: those of its mounts, and the CNI plugin's where the installer has
  /// no mount and needs none.
  func components(of pod: PodSpec, _ uses: [CredentialUse]) -> [String] {
    var components = Set(uses.components)
    if pluginFolder(of: pod) != nil, unmountedInstaller(in: pod, uses) != nil {
      components.insert("cni-plugin")
    }
    return components.sorted()
  }

  /// A CNI installer with access to etcd that mounts no credential, as in the manifests of kubespray.
  func unmountedInstaller(in pod: PodSpec, _ uses: [CredentialUse]) -> Container? {
    pod.containers.first { container in
      ComponentSignature.named(container.name)?.component == "cni-plugin"
        && container.variable("ETCD_ENDPOINTS") != nil && container.variable("CNI_NETWORK_CONFIG") != nil
        && !uses.contains { $0.pod.id == pod.id && $0.container.node.range == container.node.range }
    }
  }

  /// Whether a volume delivers the component's credential without a Secret: it is the component's own folder
  /// on the host, or the pod's agent writes the credential to it.
  func isDelivered(by volume: Volume, to component: String, in pod: PodSpec) -> Bool {
    let source = volume.node["hostPath"]
    func isFolder(_ folder: String, type: String) -> Bool {
      source?["path"]?.string == "\(folder)/\(component)" && source?["type"]?.string == type
    }
    switch delivery(to: pod) {
    case .secrets:
      return false
    case .host(let folder):
      return isFolder(folder, type: "Directory")
    case .agent:
      if let folder = agentFolder(of: pod) {
        guard isFolder(folder, type: "DirectoryOrCreate") else { return false }
      } else {
        guard volume.node["emptyDir"]?["medium"]?.string == "Memory" else { return false }
      }
      return pod.containers.contains { container in
        AgentContainer.isOwn(container)
          && container.mounts.contains {
            $0.path == AgentContainer.folder(of: component) && $0.volumeName == volume.name
          }
      }
    }
  }
}
