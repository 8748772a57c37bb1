/// Refuses two documents of the same object: the one applied last would replace the other.
struct DuplicateObjects {
  private(set) var findings: Findings

  init(_ manifest: Manifest, uses: [CredentialUse]) {
    findings = Findings(in: manifest)
    let source = manifest.reader.source
    let workloads = Set(uses.map(\.object.id))
    var seen: [String: KubernetesObject] = [:]
    for object in manifest.objects
    where workloads.contains(object.id) || ["Secret", "ConfigMap"].contains(object.kind) {
      let key = "\(object.group) \(object.namespace ?? "") \(object.title)"
      if let first = seen.updateValue(object, forKey: key) {
        findings.fault(
          at: object.root.range.lowerBound, object, nil,
          "is in the file twice, first in line \(source.line(at: first.root.range.lowerBound))",
          hint: "remove one of the two documents")
      }
    }
  }
}
