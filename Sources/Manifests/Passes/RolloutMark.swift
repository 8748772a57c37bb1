/// Adds annotations to pod templates, so that a workload restarts when what it reads at its start changes: the hashes of
/// its credentials, where a Secret has a fixed name (hashed names need no such annotation), and the hash of its agent's
/// configuration. Removes those of an earlier run that no longer say anything.
struct RolloutMark {
  /// The annotation of a pod template that changes with the credentials of the pod.
  private static let checksum = "checksum/etcd-certs"
  /// The annotation that changes with the configuration of the pod's agent.
  private static let configuration = "checksum/bulkhead-agent"

  private let manifest: Manifest
  private(set) var findings: Findings

  init(_ manifest: Manifest, uses: [CredentialUse]) {
    self.manifest = manifest
    findings = Findings(in: manifest)
    for pod in manifest.pods {
      guard let template = pod.object.template(around: pod.node) else { continue }
      let own = uses.of(pod)
      if own.isEmpty { continue }
      switch manifest.delivery(to: pod) {
      case .agent(let agent):
        let map = AgentConfigMap(
          of: agent, for: manifest.components(of: pod, own), in: pod, folder: manifest.agentFolder(of: pod))
        mark(
          template, Self.configuration, map.digest, besides: Self.checksum, in: pod.object,
          "the workload restarts when the agent's configuration changes")
      case .host:
        unmark(template, Self.configuration, in: pod.object)
        unmark(template, Self.checksum, in: pod.object)
      case .secrets:
        let hashes = own.components.compactMap { component in
          manifest.secret(of: component)?.shortHash.map { "\(component)=\($0)" }
        }
        if manifest.options.secretNames != .fixed || hashes.isEmpty {
          unmark(template, Self.configuration, in: pod.object)
          if manifest.options.secretNames == .hashed { unmark(template, Self.checksum, in: pod.object) }
          continue
        }
        mark(
          template, Self.checksum, hashes.joined(separator: ","), besides: Self.configuration, in: pod.object,
          "the workload restarts when a credential is renewed")
      }
    }
  }

  /// - Parameter other: The annotation of another way of delivery, which goes.
  private mutating func mark(
    _ template: YAMLNode, _ name: String, _ text: String, besides other: String, in object: KubernetesObject,
    _ why: String
  ) {
    if let existing = template["metadata"]?["annotations"], let old = existing.resolved.entry(other),
      existing[name] == nil, old.value.string != nil
    {
      findings.edit(
        .exchange(old, of: existing.resolved, key: name, text: text), object, "pod template",
        "has the annotation \(name) in the place of \(other): \(why)")
      return
    }
    unmark(template, other, in: object)
    let what = "has the annotation \(name): \(why)"
    let pair = YAMLValue.Pair(name, text)
    let annotations = YAMLValue.Pair("annotations", .mapping([pair]))
    var style = YAMLStyle.usual
    if let existing = template["metadata"]?["annotations"], let last = existing.entries?.last {
      style = YAMLStyle(like: existing)
      if let old = existing[name] {
        if old.string != text { findings.edit(.set(old, to: text), object, "pod template", what) }
      } else {
        findings.edit(.insert(pair, after: last, of: existing, style), object, "pod template", what)
      }
    } else if let metadata = template["metadata"], let last = metadata.entries?.last,
      metadata["annotations"] == nil
    {
      style = YAMLStyle(like: metadata)
      findings.edit(.insert(annotations, after: last, of: metadata, style), object, "pod template", what)
    } else if template["metadata"] == nil, let last = template.entries?.last {
      let metadata = YAMLValue.Pair("metadata", .mapping([annotations]))
      findings.edit(.insert(metadata, after: last, of: template, style), object, "pod template", what)
    } else {
      findings.fault(
        at: template.range.lowerBound, object, "pod template", "has metadata or annotations that are empty",
        hint: "remove the empty key")
    }
  }

  /// Removes an annotation, and what would be empty without it.
  private mutating func unmark(_ template: YAMLNode, _ name: String, in object: KubernetesObject) {
    guard let metadata = template.entry("metadata"),
      let annotations = metadata.value.resolved.entry("annotations"),
      let own = annotations.value.resolved.entry(name)
    else { return }
    let what = "has no annotation \(name) any more"
    let edit: TreeEdit =
      if annotations.value.resolved.entries?.count != 1 {
        .remove(own, of: annotations.value.resolved)
      } else if metadata.value.resolved.entries?.count != 1 {
        .remove(annotations, of: metadata.value.resolved)
      } else {
        .remove(metadata, of: template)
      }
    findings.edit(edit, object, "pod template", what)
  }
}

extension KubernetesObject {
  /// The pod template whose `spec` this pod spec is; nil for a Pod itself, which has none.
  fileprivate func template(around spec: YAMLNode) -> YAMLNode? {
    var found: YAMLNode?
    root.walk { node in
      guard node.range != root.range, case .mapping = node.content else { return }
      if node.entry("spec")?.value.range == spec.range { found = node }
    }
    return found
  }
}
