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
      let context = use.pod.node["securityContext"]
      if context?["fsGroup"] != nil { continue }
      guard edited.contains(use.object.id), let entry = use.pod.node.entry("containers"), context == nil
      else {
        findings.warn(
          .unprivilegedImage, at: use.pod.node.range.lowerBound, use.object, use.container.part,
          "runs as \(CalicoImage.unprivileged) and cannot read its Secret, whose files belong to root",
          hint: "add `fsGroup: \(CalicoImage.unprivileged)` to the pod's securityContext")
        continue
      }
      let pair = YAMLValue.Pair(
        "securityContext", .mapping(["fsGroup": .number(CalicoImage.unprivileged)]))
      findings.edit(
        .insert(pair, after: entry, of: use.pod.node, YAMLStyle(like: use.pod.node)), use.object, "pod",
        "has fsGroup \(CalicoImage.unprivileged): \(use.component) of this release runs in that group")
    }
  }
}
