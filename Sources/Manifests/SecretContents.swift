import Foundation

extension SegmentationPlan {
  /// The documents of the Secrets that the edits lead away from.
  func sharedSecrets() -> [KubernetesObject] {
    let documents = abandoned.flatMap { find("Secret", named: $0.secret, from: $0.by).map(\.document) }
    return Set(documents).sorted().compactMap { index in objects.first { $0.document == index } }
  }

  mutating func leavesOut(_ object: KubernetesObject) -> Bool {
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
      && object.document != secret.document
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

  mutating func newSecrets() -> [SecretDocuments.Secret] {
    var secrets: [SecretDocuments.Secret] = []
    for need in needed {
      guard let secret = secret(of: need.component) else { continue }
      if let existing = objects.first(where: {
        $0.kind == "Secret" && $0.name == secret.name
          && ($0.namespace == need.namespace || $0.namespace == nil || need.namespace == nil)
      }) {
        compare(existing, with: secret.material)
        continue
      }
      if options.placement == .none { continue }
      guard let material = secret.material else {
        fault(
          at: 0, nil, "Secret \(secret.name)",
          "is needed by \(need.component), for which no certificate is given",
          hint: "issue a certificate for \(need.component), or leave the Secrets out")
        continue
      }
      secrets.append(
        SecretDocuments.Secret(
          component: need.component, name: secret.name, namespace: need.namespace,
          data: CredentialFile.allCases.map { ($0, material.base64($0)) }))
    }
    return secrets
  }

  /// A Secret of the name that the file has already is left as it is, and said so where that matters.
  private mutating func compare(_ existing: KubernetesObject, with material: ComponentSecret.Material?) {
    let differs =
      material.map { material in
        CredentialFile.allCases.contains { file in
          existing.root["data"]?[file.rawValue]?.string != material.base64(file)
        }
      } ?? false
    guard differs || !existing.root.isPopulated else { return }
    warn(
      .secretAlreadyPresent, at: existing.root.range.lowerBound, existing, nil,
      existing.root.isPopulated
        ? "is in the file already and holds another credential than the one given; it is left as it is"
        : "is in the file already and holds nothing; it is left as it is",
      hint: "take the document out of the file to have it written anew")
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
  /// Whether a Secret holds anything: keys without a value, as in Calico's manifest, are nothing.
  fileprivate var isPopulated: Bool {
    ["data", "stringData"].contains { key in
      self[key]?.entries?.contains { entry in entry.value.resolved.string?.isEmpty == false } == true
    }
  }
}
