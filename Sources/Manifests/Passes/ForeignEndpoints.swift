/// Warns if calicoctl gets the endpoints from a ConfigMap of another file. Calico's calicoctl-etcd.yaml names
/// calico-config, which does not exist with canal.
struct ForeignEndpoints {
  private(set) var findings: Findings

  init(_ manifest: Manifest) {
    findings = Findings(in: manifest)
    for pod in manifest.pods {
      for container in pod.containers where ComponentSignature.named(container.name)?.component == "calicoctl"
      {
        guard let variable = container.variable("ETCD_ENDPOINTS"), let (name, key) = variable.configMapKey,
          manifest.find("ConfigMap", named: name, from: pod.object).isEmpty
        else { continue }
        findings.warn(
          .configMapElsewhere, at: variable.node.range.lowerBound, pod.object, container.part,
          "gets ETCD_ENDPOINTS from ConfigMap/\(name), which is not in this file",
          hint: "make sure that it has the key \(key); with canal, the ConfigMap is canal-config")
      }
    }
  }
}
