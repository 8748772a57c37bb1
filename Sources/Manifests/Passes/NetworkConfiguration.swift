/// Refuses a CNI configuration with fixed paths: with those the plugin would never use the credential that
/// the installer copies.
struct NetworkConfiguration {
  /// The placeholders that Calico's CNI installer replaces with the paths of the files that it copied to the
  /// host.
  private static let placeholders = [
    "etcd_key_file": "__ETCD_KEY_FILE__",
    "etcd_cert_file": "__ETCD_CERT_FILE__",
    "etcd_ca_cert_file": "__ETCD_CA_CERT_FILE__",
  ]

  private let source: SourceText
  private(set) var findings: Findings

  init(_ manifest: Manifest, uses: [CredentialUse]) {
    source = manifest.reader.source
    findings = Findings(in: manifest)
    var checked: Set<Int> = []
    for use in uses where use.component == "cni-plugin" && !use.isMapped {
      guard let variable = use.container.variable("CNI_NETWORK_CONFIG") else { continue }
      if let value = variable.value {
        check(value, use.object, "\(use.container.part), variable CNI_NETWORK_CONFIG")
      } else if let reference = variable.configMapKey,
        let place = manifest.configMapValue(
          reference, for: variable, in: use.container, of: use.object, &findings),
        checked.insert(place.node.range.lowerBound).inserted
      {
        check(place.node, place.owner, place.part)
      }
    }
  }

  private mutating func check(_ value: YAMLNode, _ owner: KubernetesObject, _ part: String) {
    let text = value.string ?? ""
    var missing = Set(Self.placeholders.keys)
    for match in text.matches(of: #/"(etcd_key_file|etcd_cert_file|etcd_ca_cert_file)"\s*:\s*"([^"]*)"/#) {
      let field = String(match.1)
      missing.remove(field)
      guard let placeholder = Self.placeholders[field], match.2 != placeholder else { continue }
      let found = match.2.isEmpty ? "nothing" : "the path \(match.2)"
      findings.fault(
        at: offset(of: field, with: String(match.2), in: value), owner, part,
        "gives \(field) as \(found), so that the plugin would not use its own credential",
        hint: "write \"\(field)\": \"\(placeholder)\", which the installer fills in")
    }
    for field in missing.sorted() {
      findings.fault(
        at: value.range.lowerBound, owner, part,
        "has no \(field), so that the plugin would have no credential",
        hint: "add \"\(field)\": \"\(Self.placeholders[field] ?? "")\" beside etcd_endpoints")
    }
  }

  /// The offset of a field in the text of the configuration: of the first line that contains the field and
  /// its value.
  private func offset(of field: String, with found: String, in value: YAMLNode) -> Int {
    var offset = value.range.lowerBound
    while offset < value.range.upperBound {
      let next = source.nextLineStart(after: offset) ?? source.bytes.count
      let line = source.string(offset..<next)
      if line.contains(field), line.contains(found) { return offset }
      offset = next
    }
    return value.range.lowerBound
  }
}
