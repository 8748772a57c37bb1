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

  /// Whether a volume delivers the component's credential without a Secret: it is the component's own folder
  /// on the host, or it is in memory and the pod's agent writes the credential to it.
  func isDelivered(by volume: Volume, to component: String, in pod: PodSpec) -> Bool {
    switch delivery(to: pod) {
    case .secrets:
      return false
    case .host(let folder):
      let source = volume.node["hostPath"]
      return source?["path"]?.string == "\(folder)/\(component)" && source?["type"]?.string == "Directory"
    case .agent:
      guard volume.node["emptyDir"]?["medium"]?.string == "Memory" else { return false }
      return pod.containers.contains { container in
        container.isInit && container.name == AgentContainer.name
          && container.mounts.contains {
            $0.path == AgentContainer.folder(of: component) && $0.volumeName == volume.name
          }
      }
    }
  }
}
