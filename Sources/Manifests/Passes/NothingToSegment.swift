/// Refuses a manifest in which no other pass found anything: it is not the one that the user meant.
struct NothingToSegment {
  private(set) var findings: Findings

  init(_ manifest: Manifest, uses: [CredentialUse], edits: [PlannedEdit], isRefused: Bool) {
    findings = Findings(in: manifest)
    guard !isRefused, uses.isEmpty, edits.isEmpty, !manifest.options.mayHaveNone else { return }
    let isKubernetesDatastore = manifest.pods.contains { pod in
      pod.containers.contains { $0.variable("DATASTORE_TYPE")?.value?.string == "kubernetes" }
    }
    findings.fault(
      at: 0, nil, nil,
      "has no container that mounts a volume at \(CredentialFile.directory)"
        + (isKubernetesDatastore ? ": its Calico keeps its data in the Kubernetes API, not in etcd" : ""),
      hint: isKubernetesDatastore
        ? "there is nothing to segment"
        : "give a hosted Calico manifest for etcd, such as calico-etcd.yaml")
  }
}
