/// Refuses a container that has no credential but reads a path that is now set: it would look for a file that
/// it does not have. One such container is enough, and only if nothing else is wrong.
struct PathReaders {
  private(set) var findings: Findings

  init(_ manifest: Manifest, uses: [CredentialUse], edits: [PlannedEdit], isRefused: Bool) {
    findings = Findings(in: manifest)
    if isRefused { return }
    let edited = Set(edits.map(\.edit.target.range.lowerBound))
    for pod in manifest.pods {
      let users = Set(uses.of(pod).map(\.container.node.range))
      for container in pod.containers where !users.contains(container.node.range) {
        for variable in container.environment {
          guard let (name, key) = variable.configMapKey,
            let place = manifest.value(of: (name, key), from: pod.object),
            edited.contains(place.node.range.lowerBound)
          else { continue }
          findings.fault(
            at: variable.node.range.lowerBound, pod.object, container.part,
            "reads \(key) of ConfigMap/\(name) for \(variable.name) and mounts no credential "
              + "to find the file in",
            hint: "mount the credential at \(CredentialFile.directory) in it and map it: "
              + "--component \(container.name)=COMPONENT")
          return
        }
      }
    }
  }
}
