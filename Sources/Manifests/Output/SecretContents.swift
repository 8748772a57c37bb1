import FoundationEssentials

extension SegmentationPlan {
  /// The documents of the Secrets that no workload uses after the edits.
  func sharedSecrets() -> [KubernetesObject] {
    let ids = abandoned.flatMap { find("Secret", named: $0.secret, from: $0.by).map(\.id) }
    return Set(ids).sorted().map { objects[$0] }
  }

  /// Whether the document of a Secret that is no longer used is removed. One that an earlier run wrote for a
  /// credential that has since been renewed is replaced by the new one; if no Secrets are written, it stays.
  mutating func leavesOut(_ object: KubernetesObject) -> Bool {
    if object.isManaged, secrets.contains(where: { $0.hasBorne(object.name) }) {
      return options.placement != .none
    }
    let offset = object.root.range.lowerBound
    let isPopulated = object.root.isPopulated
    let isDropped =
      switch options.sharedSecret {
      case .keep: false
      case .drop: true
      case .dropUnpopulated: !isPopulated
      }
    if isPopulated, !isDropped {
      warn(
        .sharedSecretPopulated, at: offset, object, nil,
        "holds the credential that the components shared; it is kept, and nothing of it is copied",
        hint: "when every pod has its own credential, delete it from the cluster and take it out of the file")
    }
    if isDropped { reportReferences(to: object) }
    return isDropped
  }

  private mutating func reportReferences(to secret: KubernetesObject) {
    for object in objects
    where object.podSpecs.isEmpty && !["Secret", "ConfigMap"].contains(object.kind)
      && object.id != secret.id
    {
      var offset: Int?
      object.root.walk { node in
        if case .scalar(secret.name, _) = node.content, offset == nil { offset = node.range.lowerBound }
      }
      guard let offset else { continue }
      warn(
        .secretReferencedElsewhere, at: offset, object, nil, "names \(secret.title), which is left out",
        hint: "see whether it is to name the new Secrets")
    }
  }

  /// The Secrets to write, and the documents of the file that they replace.
  mutating func newSecrets() -> (new: [SecretDocuments.Secret], replaced: [KubernetesObject]) {
    var new: [SecretDocuments.Secret] = []
    var replaced: [KubernetesObject] = []
    for need in needed {
      guard let secret = secret(of: need.component) else { continue }
      if let existing = existing(secret, for: need) {
        guard mustReplace(existing, by: secret) else { continue }
        replaced.append(existing)
      }
      if options.placement == .none { continue }
      guard let material = secret.material else {
        fault(
          at: 0, nil, "Secret \(secret.name)",
          "is needed by \(need.component), for which no certificate is given",
          hint: "issue a certificate for \(need.component), or leave the Secrets out")
        continue
      }
      new.append(
        SecretDocuments.Secret(
          component: need.component, name: secret.name, namespace: need.namespace,
          list: need.list, isImmutable: secret.isImmutable,
          data: CredentialFile.allCases.map { ($0, material.base64($0)) }))
    }
    return (new, replaced)
  }

  /// A document of the Secret that the file already contains; if the hash is not known, under any name that
  /// the component's Secret may have.
  private func existing(_ secret: OwnSecret, for need: NeededSecret) -> KubernetesObject? {
    objects.first {
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
    if differs, existing.isManaged, options.placement != .none { return true }
    guard differs || !existing.root.isPopulated else { return false }
    warn(
      .secretAlreadyPresent, at: existing.root.range.lowerBound, existing, nil,
      existing.root.isPopulated
        ? "is in the file already and holds another credential than the one given; it is left as it is"
        : "is in the file already and holds nothing; it is left as it is",
      hint: "take the document out of the file to have it written anew")
    return false
  }
}

extension KubernetesObject {
  var holdsCredentials: Bool { kind == "Secret" && root.isPopulated }

  /// Whether an earlier run wrote it.
  fileprivate var isManaged: Bool {
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
