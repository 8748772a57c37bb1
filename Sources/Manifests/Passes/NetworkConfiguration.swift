/// Sets the paths of the credential in the CNI configuration. Where the plugin reads the host's files, they are the
/// paths of these files. Elsewhere they are the placeholders that the installer replaces with the paths of the files
/// that it copied to the host: with other paths, the plugin would never use them. Compares the network's name with
/// the one for which the CNI plugin has access.
struct NetworkConfiguration {
  /// The placeholders of Calico's CNI installer, by field.
  private static let placeholders: [(field: String, file: CredentialFile, placeholder: String)] = [
    ("etcd_ca_cert_file", .ca, "__ETCD_CA_CERT_FILE__"),
    ("etcd_cert_file", .certificate, "__ETCD_CERT_FILE__"),
    ("etcd_key_file", .key, "__ETCD_KEY_FILE__"),
  ]

  private let manifest: Manifest
  private let source: SourceText
  private(set) var findings: Findings
  /// The folders that the configurations were set to, by the offset of the configuration.
  private var folders: [Int: String?] = [:]

  init(_ manifest: Manifest, uses: [CredentialUse]) {
    self.manifest = manifest
    source = manifest.reader.source
    findings = Findings(in: manifest)
    for pod in manifest.pods {
      let users = uses.of(pod).filter { $0.component == "cni-plugin" && !$0.isMapped }.map(\.container)
      let folder = manifest.pluginFolder(of: pod)
      let others = folder == nil ? nil : manifest.unmountedInstaller(in: pod, uses)
      for container in users + [others].compactMap(\.self) { check(container, of: pod, folder) }
    }
  }

  private mutating func check(_ container: Container, of pod: PodSpec, _ folder: String?) {
    let object = pod.object
    guard let variable = container.variable("CNI_NETWORK_CONFIG") else {
      if folder != nil { refuse(container, of: object, at: container.node.range.lowerBound) }
      return
    }
    var place: ScalarPlace?
    if let value = variable.value {
      place = ScalarPlace(node: value, owner: object, part: "\(container.part), variable CNI_NETWORK_CONFIG")
    } else if let reference = variable.configMapKey {
      place = manifest.configMapValue(reference, for: variable, in: container, of: object, &findings)
    }
    guard let place else {
      if folder != nil, !findings.isRefused {
        refuse(container, of: object, at: variable.node.range.lowerBound)
      }
      return
    }
    let offset = place.node.range.lowerBound
    if let other = folders[offset] {
      if other != folder {
        findings.fault(
          at: offset, place.owner, place.part,
          "is used by \(object.title) and by another workload, whose plugin reads other files",
          hint: "give each of the two its own configuration")
      }
      return
    }
    folders[offset] = folder
    setPaths(in: place, folder)
    compareName(in: place)
  }

  /// The plugin would go on with the files that it had before.
  private mutating func refuse(_ container: Container, of object: KubernetesObject, at offset: Int) {
    findings.fault(
      at: offset, object, container.part,
      "has no CNI_NETWORK_CONFIG in this file, in which the paths of the plugin's files could be set",
      hint: "give the ConfigMap with the CNI configuration in the same file, as Calico's own manifest has it")
  }

  private mutating func setPaths(in place: ScalarPlace, _ folder: String?) {
    let text = place.node.string ?? ""
    var wanted: [String: String] = [:]
    for (field, file, placeholder) in Self.placeholders {
      wanted[field] = folder.map(file.path(in:)) ?? placeholder
    }
    // In a quoted scalar the quotes of JSON are escaped.
    let field = #/(\\?")(etcd_key_file|etcd_cert_file|etcd_ca_cert_file)\\?"\s*:\s*\\?"([^"\\]*)\\?"/#
    var missing = Set(wanted.keys)
    let decoded = text.matches(of: field)
    for match in decoded { missing.remove(String(match.2)) }
    for field in missing.sorted() {
      let path = wanted[field] ?? ""
      findings.fault(
        at: place.node.range.lowerBound, place.owner, place.part,
        "has no \(field), so that the plugin would have no credential",
        hint: "add \"\(field)\": \"\(path)\" beside etcd_endpoints")
    }
    guard missing.isEmpty else { return }
    var new = ""
    var done = text.startIndex
    var changes: [String] = []
    for match in decoded {
      let path = wanted[String(match.2)] ?? String(match.3)
      new += text[done..<match.3.startIndex] + path
      done = match.3.endIndex
      if match.3 != path { changes.append("\(match.2) \(path)") }
    }
    if changes.isEmpty { return }
    new += text[done...]
    let what = "has \(changes.joined(separator: ", "))"
    let start = place.node.range.lowerBound
    let raw = source.string(place.node.range)
    let written = raw.matches(of: field)
    // Programs that write YAML fold quoted text, also within a field: then its lines are not those of the text, and
    // it is written again as a whole.
    guard written.map({ [$0.2, $0.3] }) == decoded.map({ [$0.2, $0.3] }) else {
      findings.edit(.set(place.node, to: new), place.owner, place.part, what)
      return
    }
    var parts: [(range: Range<Int>, text: String)] = []
    for match in written {
      guard let path = wanted[String(match.2)], match.3 != path else { continue }
      let lower = start + raw.utf8.distance(from: raw.startIndex, to: match.3.startIndex)
      parts.append((lower..<lower + match.3.utf8.count, path))
    }
    findings.edit(
      .setParts(place.node, parts, to: new), at: parts.first?.range.lowerBound, place.owner, place.part, what)
  }

  private mutating func compareName(in place: ScalarPlace) {
    let text = place.node.string ?? ""
    // Only Calico's own IPAM has the name in keys, and the profiles that the plugin makes where the configuration has no
    // policy section; with host-local, as in canal, any name will do.
    guard let network = manifest.options.network,
      text.contains("calico-ipam") || !text.contains("\"policy\""),
      let name = NetworkName(in: text).name, name != network
    else { return }
    findings.fault(
      at: place.node.range.lowerBound, place.owner, place.part,
      "names the CNI network \(name), and bulkhead.yaml gives access for \(network)",
      hint: "write `network: \(name)` under 'calico' in bulkhead.yaml, and run bulkhead apply")
  }
}

/// The name of the network in a CNI configuration (CNI specification, "Configuration format": the key `name` of the
/// outermost object), also where placeholders make the text no JSON yet.
struct NetworkName {
  /// Nil if the configuration lacks it, or if it is a placeholder.
  let name: String?

  init(in text: String) {
    var depth = 0
    var string: String?
    var isEscaped = false
    var last: String?
    var isValueOfName = false
    var found: String?
    for character in text {
      if let open = string {
        if isEscaped {
          string = open + String(character)
          isEscaped = false
        } else if character == "\\" {
          isEscaped = true
        } else if character == "\"" {
          string = nil
          if depth == 1, isValueOfName, found == nil { found = open }
          isValueOfName = false
          last = open
        } else {
          string = open + String(character)
        }
        continue
      }
      switch character {
      case "\"": string = ""
      case "{", "[": depth += 1
      case "}", "]": depth -= 1
      case ":": isValueOfName = depth == 1 && last == "name"
      case ",": isValueOfName = false
      default: break
      }
    }
    name = found.flatMap { $0.isEmpty || $0.hasPrefix("__") || $0.contains("{{") ? nil : $0 }
  }
}
