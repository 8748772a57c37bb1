import FoundationEssentials

/// Which Secrets are written, and which documents of the file they replace or make superfluous.
struct SecretContents {
  /// The documents of the Secrets that no workload uses after the edits.
  let shared: [KubernetesObject]
  /// Those of the shared documents that are removed.
  private(set) var dropped: [KubernetesObject] = []
  /// The Secrets to write.
  private(set) var new: [SecretDocuments.Secret] = []
  /// The documents that the new Secrets replace.
  private(set) var replaced: [KubernetesObject] = []
  private(set) var findings: Findings

  private let manifest: Manifest

  /// - Parameter edited: What all passes found.
  init(_ manifest: Manifest, _ edited: Findings) {
    self.manifest = manifest
    findings = Findings(in: manifest)
    let ids = edited.abandoned.flatMap { manifest.find("Secret", named: $0.secret, from: $0.by).map(\.id) }
    shared = Set(ids).sorted().map { manifest.objects[$0] }
    for object in shared where leavesOut(object) { dropped.append(object) }
    for need in edited.needed { write(need) }
  }

  /// Whether the document of a Secret that is no longer used is removed. One that an earlier run wrote for a
  /// credential that has since been renewed is replaced by the new one; if no Secrets are written, it stays.
  private mutating func leavesOut(_ object: KubernetesObject) -> Bool {
    if object.isManaged, manifest.secrets.contains(where: { $0.hasBorne(object.name) }) {
      return manifest.options.placement != .none
    }
    let offset = object.root.range.lowerBound
    let isPopulated = object.root.isPopulated
    let isDropped =
      switch manifest.options.sharedSecret {
      case .keep: false
      case .drop: true
      case .dropUnpopulated: !isPopulated
      }
    if isPopulated, !isDropped {
      findings.warn(
        .sharedSecretPopulated, at: offset, object, nil,
        "contains the credential that the components shared; it is kept, and nothing of it is copied",
        hint: "when every pod has its own credential, delete it from the cluster and remove it from the file")
    }
    if isDropped { reportReferences(to: object) }
    return isDropped
  }

  private mutating func reportReferences(to secret: KubernetesObject) {
    for object in manifest.objects
    where object.podSpecs.isEmpty && !["Secret", "ConfigMap"].contains(object.kind)
      && object.id != secret.id
    {
      var offset: Int?
      object.root.walk { node in
        if case .scalar(secret.name, _) = node.content, offset == nil { offset = node.range.lowerBound }
      }
      guard let offset else { continue }
      findings.warn(
        .secretReferencedElsewhere, at: offset, object, nil, "refers to \(secret.title), which is removed",
        hint: "check whether it must refer to the new Secrets")
    }
  }

  /// Writes the Secret of a component, unless the file contains it already.
  private mutating func write(_ need: NeededSecret) {
    guard let secret = manifest.secret(of: need.component) else { return }
    if let existing = existing(secret, for: need) {
      guard mustReplace(existing, by: secret) else { return }
      replaced.append(existing)
    }
    if manifest.options.placement == .none { return }
    guard let material = secret.material else {
      findings.fault(
        at: 0, nil, "Secret \(secret.name)",
        "is needed by \(need.component), which has no certificate",
        hint:
          "issue a certificate for \(need.component); or give its container another identity of the file with "
          + "--component CONTAINER=IDENTITY; or omit the Secrets")
      return
    }
    new.append(
      SecretDocuments.Secret(
        component: need.component, name: secret.name, namespace: need.namespace,
        list: need.list, isImmutable: secret.isImmutable,
        data: CredentialFile.allCases.map { ($0, material.base64($0)) }))
  }

  /// A document of the Secret that the file already contains; if the hash is not known, under any name that
  /// the component's Secret may have.
  private func existing(_ secret: OwnSecret, for need: NeededSecret) -> KubernetesObject? {
    manifest.objects.first {
      $0.kind == "Secret" && secret.isNamed($0.name)
        && ($0.namespace == need.namespace || $0.namespace == nil || need.namespace == nil)
    }
  }

  /// Whether a Secret from an earlier run contains a credential other than the given one. A Secret from
  /// elsewhere stays unchanged, with a warning if that matters.
  private mutating func mustReplace(_ existing: KubernetesObject, by secret: OwnSecret) -> Bool {
    let differs =
      secret.material.map { material in
        CredentialFile.allCases.contains { file in
          existing.root["data"]?[file.rawValue]?.string != material.base64(file)
        }
      } ?? false
    if differs, existing.isManaged, manifest.options.placement != .none { return true }
    guard differs || !existing.root.isPopulated else { return false }
    findings.warn(
      .secretAlreadyPresent, at: existing.root.range.lowerBound, existing, nil,
      existing.root.isPopulated
        ? "is already in the file with another credential than the current one; it is left unchanged"
        : "is already in the file and is empty; it is left unchanged",
      hint: "remove the document from the file to have it written again")
    return false
  }
}

extension KubernetesObject {
  var holdsCredentials: Bool { kind == "Secret" && root.isPopulated }

  /// Whether an earlier run wrote it.
  var isManaged: Bool {
    root["metadata"]?["labels"]?[SecretDocuments.Secret.managedBy]?.string == SecretDocuments.Secret.manager
  }
}

extension ComponentSecret.Material {
  fileprivate func base64(_ file: CredentialFile) -> String {
    let bytes =
      switch file {
      case .ca: ca
      case .certificate: certificate
      case .key: key
      }
    return Data(bytes).base64EncodedString()
  }
}

extension YAMLNode {
  /// Whether a Secret has content. Keys without a value, as in Calico's manifest, do not count.
  var isPopulated: Bool {
    ["data", "stringData"].contains { key in
      self[key]?.entries?.contains { entry in entry.value.resolved.string?.isEmpty == false } == true
    }
  }
}
