/// Warns of faults in Calico's canal-etcd.yaml itself.
struct CanalProblems {
  private(set) var findings: Findings

  init(_ manifest: Manifest, uses: [CredentialUse]) {
    findings = Findings(in: manifest)
    guard uses.contains(where: { $0.component == "flannel" }) else { return }
    checkBindings(in: manifest)
    checkJobs(uses)
  }

  private mutating func checkBindings(in manifest: Manifest) {
    for object in manifest.objects where object.kind == "ClusterRoleBinding" {
      for subject in object.root["subjects"]?.items ?? [] where subject["kind"]?.string == "ServiceAccount" {
        guard let name = subject["name"]?.string, name == "canal",
          !manifest.objects.contains(where: { $0.kind == "ServiceAccount" && $0.name == name })
        else { continue }
        findings.warn(
          .canal, at: subject.range.lowerBound, object, nil,
          "names the ServiceAccount canal, which is not in this file: Calico's manifest calls it canal-node",
          hint: "name the ServiceAccount that the DaemonSet runs as")
      }
    }
  }

  private mutating func checkJobs(_ uses: [CredentialUse]) {
    for use in uses where use.component == "flannel" && use.object.kind == "Job" {
      let words = ["command", "args"].flatMap { use.container.node[$0]?.items ?? [] }.compactMap(\.string)
      guard words.contains("set"), !words.contains(where: { $0.contains(CredentialFile.directory) }) else {
        continue
      }
      findings.warn(
        .canal, at: use.container.node.range.lowerBound, use.object, use.container.part,
        "calls etcdctl without the paths of its certificate, and with etcd's API v2, which etcdctl "
          + "does not use by default since v3.4",
        hint:
          "write flannel's configuration to /coreos.com/network/config yourself, or correct the Job's command"
      )
    }
  }
}
