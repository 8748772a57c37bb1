/// What a pass found, or several passes one after the other.
struct Findings {
  private let reader: ManifestReader

  private(set) var edits: [PlannedEdit] = []
  private(set) var faults: [ManifestFault] = []
  private(set) var warnings: [ManifestWarning] = []
  /// The containers' uses of credentials, in the order of the file.
  var uses: [CredentialUse] = []
  /// The Secrets that are no longer used after the edits, each with a workload that used it.
  var abandoned: [(secret: String, by: KubernetesObject)] = []
  /// The components that need a Secret, each in the namespace of a workload that uses it.
  private(set) var needed: [NeededSecret] = []
  /// The configurations of agents that the file does not contain yet.
  var configMaps: [AgentConfigMap] = []
  /// The folders on hosts that no pod reads any more.
  var leftovers: [HostLeftovers.Leftover] = []
  /// The documents of earlier configurations of agents, which are removed.
  var superseded: [KubernetesObject] = []

  init(in manifest: Manifest) { reader = manifest.reader }

  /// Whether the manifest is refused because of a fault.
  var isRefused: Bool { !faults.isEmpty }

  /// Adds what a later pass found, in its order. What is already there is not repeated.
  mutating func add(_ later: Findings) {
    edits += later.edits
    for fault in later.faults { add(fault) }
    for warning in later.warnings { add(warning) }
    uses += later.uses
    abandoned += later.abandoned
    for need in later.needed { add(need) }
    configMaps += later.configMaps
    superseded += later.superseded
    leftovers += later.leftovers
  }

  /// Adds an edit, unless an anchor and aliases use the node at several places.
  mutating func edit(
    _ edit: TreeEdit, at offset: Int? = nil, _ object: KubernetesObject, _ part: String?, _ what: String
  ) {
    let start = edit.target.range.lowerBound
    if let shared = reader.documents[object.document].shared.first(where: { $0.range.contains(start) }) {
      let lines = shared.aliases.map { "line \(reader.source.line(at: $0))" }.joined(separator: ", ")
      fault(
        at: start, object, part,
        "is written with the anchor &\(shared.anchor), which *\(shared.anchor) in \(lines) repeats: "
          + "one edit would change both places",
        hint: "replace *\(shared.anchor) with its content, and remove the anchor")
      return
    }
    edits.append(
      PlannedEdit(
        edit: edit, document: object.document, object: object.id,
        place: reader.place(offset ?? start, object, part), what: what))
  }

  mutating func fault(
    at offset: Int, _ object: KubernetesObject?, _ part: String? = nil, _ message: String, hint: String
  ) {
    add(ManifestFault(place: reader.place(offset, object, part), message: message, hint: hint))
  }

  /// Adds faults that were found elsewhere.
  mutating func refuse(_ faults: [ManifestFault]) { self.faults += faults }

  private mutating func add(_ fault: ManifestFault) {
    if !faults.contains(fault) { faults.append(fault) }
  }

  mutating func warn(
    _ kind: ManifestWarning.Kind, at offset: Int, _ object: KubernetesObject?, _ part: String? = nil,
    _ message: String, hint: String
  ) {
    add(
      ManifestWarning(kind: kind, place: reader.place(offset, object, part), message: message, hint: hint))
  }

  private mutating func add(_ warning: ManifestWarning) {
    if !warnings.contains(warning) { warnings.append(warning) }
  }

  /// Notes that the component's Secret is needed in the namespace of a workload.
  mutating func need(_ component: String, in object: KubernetesObject) {
    add(
      NeededSecret(
        component: component, namespace: object.namespace, list: object.list.map { (object.document, $0) }))
  }

  private mutating func add(_ need: NeededSecret) {
    guard !needed.contains(where: { $0.component == need.component && $0.namespace == need.namespace }) else {
      return
    }
    needed.append(need)
  }
}

/// An edit, the object that it changes, and how it is reported.
struct PlannedEdit {
  let edit: TreeEdit
  /// The index of the document that contains the object.
  let document: Int
  /// The object's id.
  let object: Int
  let place: ManifestPlace
  let what: String
}

/// A Secret that a workload of a namespace needs.
struct NeededSecret {
  let component: String
  let namespace: String?
  /// The index of the document whose list contains the workload, and that list; nil if the workload is a
  /// document itself.
  let list: (document: Int, items: YAMLNode)?
}
