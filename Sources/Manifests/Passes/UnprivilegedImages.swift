/// Lets kube-controllers and Typha of Calico v3.33 and later read their Secrets: each runs as 10001:10001, and a Secret's files belong
/// to root, unless the pod has an `fsGroup`. (`docker/calico/Dockerfile` of release-v3.33.)
struct UnprivilegedImages {
  private(set) var findings: Findings

  init(_ manifest: Manifest, uses: [CredentialUse], edits: [PlannedEdit]) {
    findings = Findings(in: manifest)
    let edited = Set(edits.map(\.object))
    var seen: Set<Int> = []
    for use in uses
    where ComponentSignature.withoutRoot.contains(use.component) && use.pod.hasUnprivilegedImages {
      guard !manifest.isServed(use.pod), seen.insert(use.pod.id).inserted else { continue }
      if use.pod.node["securityContext"]?["fsGroup"] != nil { continue }
      guard edited.contains(use.object.id), let edit = Self.edit(of: use.pod.node) else {
        findings.warn(
          .unprivilegedImage, at: use.pod.node.range.lowerBound, use.object, use.container.part,
          "runs as \(CalicoImage.unprivileged) and cannot read its Secret, whose files belong to root",
          hint: "add `fsGroup: \(CalicoImage.unprivileged)` to the pod's securityContext")
        continue
      }
      findings.edit(
        edit, use.object, "pod",
        "has fsGroup \(CalicoImage.unprivileged): \(use.component) of this release runs in that group")
    }
  }

  /// Adds the group to the pod's securityContext, which most manifests have.
  private static func edit(of pod: YAMLNode) -> TreeEdit? {
    let group = YAMLValue.Pair("fsGroup", .number(CalicoImage.unprivileged))
    let whole = YAMLValue.Pair("securityContext", .mapping([group]))
    guard let entry = pod.entry("securityContext") else {
      guard pod["securityContext"] == nil, let containers = pod.entry("containers") else { return nil }
      return .insert(whole, after: containers, of: pod, YAMLStyle(like: pod))
    }
    let context = entry.value.resolved
    if let last = context.entries?.last {
      return .insert(group, after: last, of: context, YAMLStyle(like: context))
    }
    guard context.isNull || context.entries != nil else { return nil }
    return .exchange(entry, by: whole, of: pod, YAMLStyle(like: pod))
  }
}
