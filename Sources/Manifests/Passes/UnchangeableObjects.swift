/// Warns of edited objects that the API server or a controller does not change in place.
struct UnchangeableObjects {
  private(set) var findings: Findings

  init(_ manifest: Manifest, edits: [PlannedEdit]) {
    findings = Findings(in: manifest)
    let edited = Set(edits.map(\.object))
    for object in manifest.objects where edited.contains(object.id) {
      if object.updatesOnDelete {
        findings.warn(
          .updatesOnDelete, at: object.root.range.lowerBound, object, nil,
          "does not replace its pods: its update strategy is OnDelete",
          hint: "after applying the manifest, delete its pods one at a time")
      }
      let isPod = ["Pod", "Job"].contains(object.kind)
      guard isPod || object.root["immutable"]?.string == "true" else { continue }
      findings.warn(
        .objectNotRecreated, at: object.root.range.lowerBound, object, nil,
        isPod
          ? "cannot be changed in place: the API server refuses another pod template in a \(object.kind)"
          : "is immutable and cannot be changed in place",
        hint: "delete it and create it again, or use kubectl replace --force")
    }
  }
}

extension KubernetesObject {
  /// Whether a DaemonSet does not replace its pods when its template changes: the default before apps/v1.
  var updatesOnDelete: Bool {
    guard kind == "DaemonSet" else { return false }
    let strategy = root["spec"]?["updateStrategy"]?["type"]?.string
    return strategy == "OnDelete" || strategy == nil && apiVersion == "extensions/v1beta1"
  }
}
