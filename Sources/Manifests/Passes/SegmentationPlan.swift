/// The edits, faults and warnings for one manifest. Each pass is an extension in a file of its own; ``run()``
/// calls them in order.
struct SegmentationPlan {
  let reader: ManifestReader
  let options: ManifestOptions
  let secrets: [OwnSecret]
  let objects: [KubernetesObject]
  let pods: [PodSpec]

  /// The containers' uses of credentials, in the order of the file.
  var uses: [CredentialUse] = []
  /// The Secrets that are no longer used after the edits, each with a workload that used it.
  var abandoned: [(secret: String, by: KubernetesObject)] = []
  /// The components that need a Secret, each in the namespace of a workload that uses it.
  var needed: [NeededSecret] = []
  /// The volumes in memory that this run creates, by the object's id and the component.
  var served: [Int: [String: String]] = [:]
  /// The configurations of agents that the file does not contain yet.
  var configMaps: [AgentConfigMap] = []
  var edits: [PlannedEdit] = []
  var faults: [ManifestFault]
  var warnings: [ManifestWarning] = []

  struct PlannedEdit {
    let edit: TreeEdit
    let document: Int
    let object: Int
    let place: ManifestPlace
    let what: String
  }

  init(_ reader: ManifestReader, options: ManifestOptions) {
    self.reader = reader
    self.options = options
    secrets = options.secrets.map { OwnSecret($0, named: options.secretNames) }
    objects = reader.objects
    faults = reader.faults
    pods = reader.objects.flatMap { object in object.podSpecs.map { PodSpec(object: object, node: $0) } }
  }

  mutating func run() {
    guard faults.isEmpty else { return }
    checkOptions()
    findCredentialUses()
    refuseOtherReferences()
    assignVolumes()
    setCertificatePaths()
    checkNetworkConfiguration()
    stopCompaction()
    wireCalicoctl()
    markRollout()
    refuseNothingFound()
    reportKnownFaults()
  }

  func secret(of component: String) -> OwnSecret? { secrets.first { $0.component == component } }

  func place(_ offset: Int, _ object: KubernetesObject?, _ part: String? = nil) -> ManifestPlace {
    ManifestPlace(file: reader.file, line: reader.source.line(at: offset), object: object?.title, part: part)
  }

  mutating func fault(
    at offset: Int, _ object: KubernetesObject?, _ part: String? = nil, _ message: String, hint: String
  ) {
    let fault = ManifestFault(place: place(offset, object, part), message: message, hint: hint)
    if !faults.contains(fault) { faults.append(fault) }
  }

  mutating func warn(
    _ kind: ManifestWarning.Kind, at offset: Int, _ object: KubernetesObject?, _ part: String? = nil,
    _ message: String, hint: String
  ) {
    let warning = ManifestWarning(
      kind: kind, place: place(offset, object, part), message: message, hint: hint)
    if !warnings.contains(warning) { warnings.append(warning) }
  }

  /// Adds an edit, unless an anchor and aliases use the node at several places.
  mutating func plan(
    _ edit: TreeEdit, at offset: Int? = nil, _ object: KubernetesObject, _ part: String?, _ what: String
  ) {
    let start = edit.target.range.lowerBound
    if let shared = reader.documents[object.document].shared.first(where: { $0.range.contains(start) }) {
      let lines = shared.aliases.map { "line \(reader.source.line(at: $0))" }.joined(separator: ", ")
      fault(
        at: start, object, part,
        "is written with the anchor &\(shared.anchor), which *\(shared.anchor) in \(lines) repeats: "
          + "one edit would change both places",
        hint: "write out what *\(shared.anchor) stands for, and take the anchor away")
      return
    }
    edits.append(
      PlannedEdit(
        edit: edit, document: object.document, object: object.id, place: place(offset ?? start, object, part),
        what: what))
  }

  /// The objects of a kind and a name that a reference from an object means.
  func find(_ kind: String, named name: String, from object: KubernetesObject) -> [KubernetesObject] {
    let found = objects.filter { $0.kind == kind && $0.name == name && object.sharesNamespace(with: $0) }
    let exact = found.filter { $0.namespace == object.namespace }
    return exact.isEmpty ? found : exact
  }

  private mutating func checkOptions() {
    if case .host(let folder) = options.delivery,
      folder.wholeMatch(of: #/(\/[A-Za-z0-9_][-._A-Za-z0-9]*)+/#) == nil
    {
      fault(
        at: 0, nil, nil,
        "is to find its credentials in \(folder) of each host, which is no plain absolute path",
        hint: "give a folder such as /etc/bulkhead")
    }
    checkAgent()
    var names: [String: String] = [:]
    for secret in secrets {
      let isName =
        secret.name.count <= 253
        && secret.name.wholeMatch(of: #/[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/#)
          != nil
      if !isName {
        fault(
          at: 0, nil, "Secret of \(secret.component)",
          "is to be named \(secret.name), which Kubernetes does not allow",
          hint: "use lower-case letters, digits, `-` and `.` (a DNS subdomain name)")
      }
      if let other = names.updateValue(secret.component, forKey: secret.name) {
        fault(
          at: 0, nil, "Secret \(secret.name)", "is given to both \(other) and \(secret.component)",
          hint: "give each component a Secret of its own")
      }
    }
  }

  private mutating func refuseNothingFound() {
    guard faults.isEmpty, uses.isEmpty, edits.isEmpty else { return }
    let isKubernetesDatastore = pods.contains { pod in
      pod.containers.contains { $0.variable("DATASTORE_TYPE")?.value?.string == "kubernetes" }
    }
    fault(
      at: 0, nil, nil,
      "has no container that mounts a volume at \(CredentialFile.directory)"
        + (isKubernetesDatastore ? ": its Calico keeps its data in the Kubernetes API, not in etcd" : ""),
      hint: isKubernetesDatastore
        ? "nothing is to be segmented here"
        : "give a hosted Calico manifest for etcd, such as calico-etcd.yaml")
  }
}
