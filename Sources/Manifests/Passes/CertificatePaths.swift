extension SegmentationPlan {
  /// Sets the paths of the three files at the places from which the components' variables get them. Only the
  /// empty string is replaced; the trailing comment that repeats the path stays.
  mutating func setCertificatePaths() {
    var planned: [Int: CredentialFile] = [:]
    for use in uses where use.mount.path == CredentialFile.directory {
      let object = pods[use.pod].object
      requireVariables(of: use, in: object)
      for variable in use.container.environment {
        guard let file = CredentialFile(variable: variable.name) else { continue }
        guard let (scalar, owner, part) = source(of: variable, in: use.container, of: object) else {
          continue
        }
        let offset = scalar.range.lowerBound
        switch planned.updateValue(file, forKey: offset) {
        case nil: setPath(of: file, in: scalar, owner, part)
        case file: break
        case let other?:
          fault(
            at: offset, owner, part, "is to be the path of both \(other.rawValue) and \(file.rawValue)",
            hint: "give each of the three files a key of its own")
        }
      }
    }
    refuseBystanders(of: planned)
  }

  private mutating func setPath(
    of file: CredentialFile, in scalar: YAMLNode, _ owner: KubernetesObject, _ part: String
  ) {
    let found = scalar.string ?? ""
    if found == file.path { return }
    guard found.isEmpty, case .scalar = scalar.content else {
      fault(
        at: scalar.range.lowerBound, owner, part, "is \(found.isEmpty ? "no text" : found), not \(file.path)",
        hint: "set it to \"\(file.path)\" or to \"\", and mount the credential at \(CredentialFile.directory)"
      )
      return
    }
    plan(.set(scalar, to: file.path), owner, part, "is \(file.path)")
  }

  /// calico-node, kube-controllers and calicoctl read all three variables; the CNI installer reads the
  /// folder.
  private mutating func requireVariables(of use: CredentialUse, in object: KubernetesObject) {
    guard !use.isMapped, ["calico-node", "kube-controllers", "calicoctl"].contains(use.component) else {
      return
    }
    for file in CredentialFile.allCases where use.container.variable(file.variable) == nil {
      fault(
        at: use.container.node.range.lowerBound, object, use.container.part,
        "mounts the credential and has no variable \(file.variable)",
        hint: "add \(file.variable) to its env with the path \(file.path)")
    }
  }

  /// The scalar with a variable's value, and its place.
  private mutating func source(
    of variable: EnvironmentVariable, in container: Container, of object: KubernetesObject
  )
    -> (YAMLNode, KubernetesObject, String)?
  {
    if let value = variable.value { return (value, object, "\(container.part), variable \(variable.name)") }
    guard let reference = variable.configMapKey else {
      fault(
        at: variable.node.range.lowerBound, object, container.part,
        "gets \(variable.name) neither from a value nor from a ConfigMap", hint: "give the path as a value")
      return nil
    }
    return configMapValue(reference, for: variable, in: container, of: object)
  }

  /// The value of a ConfigMap's key, in the namespace of the workload. A ConfigMap in another file is only a
  /// warning, because the workload's own edit is still correct.
  mutating func configMapValue(
    _ reference: (configMap: String, key: String), for variable: EnvironmentVariable, in container: Container,
    of object: KubernetesObject
  ) -> (YAMLNode, KubernetesObject, String)? {
    let found = find("ConfigMap", named: reference.configMap, from: object)
    guard let configMap = found.first else {
      if let file = CredentialFile(variable: variable.name) {
        warn(
          .configMapElsewhere, at: variable.node.range.lowerBound, object, container.part,
          "gets \(variable.name) from ConfigMap/\(reference.configMap), which is not in this file",
          hint: "see to it that its key \(reference.key) is \"\(file.path)\"")
      }
      return nil
    }
    guard found.count == 1 else {
      let lines = found.map { "line \(reader.source.line(at: $0.root.range.lowerBound))" }
      fault(
        at: variable.node.range.lowerBound, object, container.part,
        "gets \(variable.name) from ConfigMap/\(reference.configMap), of which there are \(found.count) "
          + "(\(lines.joined(separator: ", ")))", hint: "leave one, in the namespace of the workload")
      return nil
    }
    guard let value = configMap.root["data"]?[reference.key] else {
      fault(
        at: configMap.root.range.lowerBound, configMap, "data",
        "has no key \(reference.key), from which \(object.title) gets \(variable.name)",
        hint: "add the key to the ConfigMap's data")
      return nil
    }
    return (value, configMap, reference.key)
  }

  /// Refuses a container that has no credential but reads a path that is now set: it would look for a file
  /// that it does not have.
  private mutating func refuseBystanders(of planned: [Int: CredentialFile]) {
    let edited = Set(
      edits.compactMap {
        planned[$0.edit.target.range.lowerBound] == nil ? nil : $0.edit.target.range.lowerBound
      })
    for (index, pod) in pods.enumerated() {
      for container in pod.containers
      where !uses.contains(where: { $0.pod == index && $0.container.node.range == container.node.range }) {
        for variable in container.environment {
          guard let (name, key) = variable.configMapKey,
            let value = find("ConfigMap", named: name, from: pod.object).first?.root["data"]?[key],
            edited.contains(value.range.lowerBound), faults.isEmpty
          else { continue }
          fault(
            at: variable.node.range.lowerBound, pod.object, container.part,
            "reads \(key) of ConfigMap/\(name) for \(variable.name) and mounts no credential "
              + "to find the file in",
            hint: "mount the credential at \(CredentialFile.directory) in it and map it: "
              + "--component \(container.name)=COMPONENT")
        }
      }
    }
  }
}
