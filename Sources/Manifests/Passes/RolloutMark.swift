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
      var pair: YAMLValue.Pair?
      var old = [Self.checksum, Self.configuration]
      var why = ""
      switch manifest.delivery(to: pod) {
      case .agent(let agent):
        let map = AgentConfigMap(
          of: agent, for: manifest.components(of: pod, own), in: pod, folder: manifest.agentFolder(of: pod))
        pair = YAMLValue.Pair(Self.configuration, map.digest)
        why = "the workload restarts when the agent's configuration changes"
      case .host: break
      case .secrets:
        let secrets = own.components.compactMap(manifest.secret(of:))
        let hashes = secrets.compactMap { secret in secret.shortHash.map { "\(secret.component)=\($0)" } }
        if manifest.options.secretNames == .fixed, !hashes.isEmpty {
          pair = YAMLValue.Pair(Self.checksum, hashes.joined(separator: ","))
          why = "the workload restarts when a credential is renewed"
        } else if !secrets.allSatisfy(\.isImmutable) {
          // The hashes are not known: an earlier annotation may still say what the Secrets contain.
          old = [Self.configuration]
        }
      }
      write(pair, inPlaceOf: old, of: template, in: pod.object, why)
    }
  }

  /// Adds an annotation, or sets it, and removes others of an earlier run.
  private mutating func write(
    _ pair: YAMLValue.Pair?, inPlaceOf names: [String], of template: YAMLNode, in object: KubernetesObject,
    _ why: String
  ) {
    let annotations = template["metadata"]?["annotations"]
    guard let pair, case .scalar(let name, _) = pair.key, case .scalar(let text, _) = pair.value else {
      return unmark(template, names, in: object)
    }
    var old = names.filter { $0 != name }
    if let annotations, annotations[name] == nil,
      let place = old.lazy.compactMap({ annotations.entry($0) }).first
    {
      // One edit: without its only annotation the mapping would be empty for a moment.
      old.removeAll { $0 == place.key.string }
      findings.edit(
        .exchange(place, by: pair, of: annotations, YAMLStyle(like: annotations)), object, "pod template",
        "has the annotation \(name): \(why)")
    } else {
      mark(template, name, text, in: object, why)
    }
    unmark(template, old, in: object)
  }

  private mutating func mark(
    _ template: YAMLNode, _ name: String, _ text: String, in object: KubernetesObject, _ why: String
  ) {
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

  /// Removes annotations, and what would be empty without them.
  private mutating func unmark(_ template: YAMLNode, _ names: [String], in object: KubernetesObject) {
    guard let metadata = template.entry("metadata"),
      let annotations = metadata.value.resolved.entry("annotations")
    else { return }
    let mapping = annotations.value.resolved
    let old = names.compactMap { name in mapping.entry(name).map { (name, $0) } }
    if old.isEmpty { return }
    let part = "pod template"
    if old.count < mapping.entries?.count ?? 0 {
      for (name, entry) in old {
        findings.edit(.remove(entry, of: mapping), object, part, "has no annotation \(name) any more")
      }
      return
    }
    let edit: TreeEdit =
      metadata.value.resolved.entries?.count == 1
      ? .remove(metadata, of: template) : .remove(annotations, of: metadata.value.resolved)
    findings.edit(
      edit, object, part, "has no annotation \(old.map(\.0).joined(separator: " and ")) any more")
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
