/// Adds the hashes of their credentials to pod templates, so that a renewed credential restarts the workload:
/// a Secret with a fixed name changes without a change of the workload. Hashed names need no such annotation.
struct RolloutMark {
  /// The annotation of a pod template that changes with the credentials of the pod.
  private static let checksum = "checksum/etcd-certs"

  private(set) var findings: Findings

  init(_ manifest: Manifest, uses: [CredentialUse]) {
    findings = Findings(in: manifest)
    guard manifest.options.secretNames == .fixed else { return }
    for pod in manifest.pods {
      guard manifest.delivery(to: pod) == .secrets, let template = pod.object.template(around: pod.node)
      else { continue }
      let hashes = uses.of(pod).components.compactMap { component in
        manifest.secret(of: component)?.shortHash.map { "\(component)=\($0)" }
      }
      if hashes.isEmpty { continue }
      mark(template, with: hashes.joined(separator: ","), in: pod.object)
    }
  }

  private mutating func mark(_ template: YAMLNode, with text: String, in object: KubernetesObject) {
    let what = "has the annotation \(Self.checksum): the workload restarts when a credential is renewed"
    let pair = YAMLValue.Pair(Self.checksum, text)
    let annotations = YAMLValue.Pair("annotations", .mapping([pair]))
    var style = YAMLStyle.usual
    if let existing = template["metadata"]?["annotations"], let last = existing.entries?.last {
      style = YAMLStyle(like: existing)
      if let old = existing[Self.checksum] {
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
