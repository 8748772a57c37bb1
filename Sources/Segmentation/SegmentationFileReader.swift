import Catalogue
import Endpoints
import Keyspace
import Yams

extension SegmentationFile {
  /// Reads `bulkhead.yaml`.
  /// - Parameters:
  ///   - text: The file's text.
  ///   - file: Its name, for messages.
  ///   - catalogue: Which components and features there are.
  /// - Throws: Every fault of the file, each with line, column and hint.
  public init(_ text: String, file: String, catalogue: Catalogue) throws(FileFaults) {
    var reader = FileReader()
    let document = try Self.document(text, file: file)
    let value = reader.segmentation(document, catalogue: catalogue)
    guard let value, reader.faults.isEmpty else { throw FileFaults(file: file, faults: reader.faults) }
    self = value
  }

  private static func document(_ text: String, file: String) throws(FileFaults) -> Node {
    func faults(_ line: Int, _ column: Int, _ message: String, _ hint: String? = nil) -> FileFaults {
      FileFaults(file: file, faults: [Fault(line: line, column: column, message: message, hint: hint)])
    }
    do {
      let documents = try Array(Yams.compose_all(yaml: text))
      guard let first = documents.first else {
        throw faults(1, 1, "the file is empty", "'bulkhead init' writes one to begin with")
      }
      if documents.count > 1 {
        let mark = documents[1].mark
        throw faults(
          mark?.line ?? 1, mark?.column ?? 1, "the file holds a second document", "one file, one segmentation"
        )
      }
      return first
    } catch let error as FileFaults {
      throw error
    } catch let error as YamlError {
      switch error {
      case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
        .composer(_, let problem, let mark, _):
        throw faults(mark.line, mark.column, "this is no YAML: \(problem)")
      case .duplicatedKeysInMapping(let duplicates, let context):
        throw faults(
          context.mark.line, context.mark.column,
          "the key '\(duplicates.joined(separator: "', '"))' stands twice in one mapping", "keep one of them")
      default: throw faults(1, 1, "this is no YAML: \(error)")
      }
    } catch {
      throw faults(1, 1, "this is no YAML: \(error)")
    }
  }
}

extension FileReader {
  fileprivate static let keys = [
    "apiVersion", "kind", "cluster", "calico", "etcd", "isolation", "components", "calicoctl", "custom",
    "nodes",
    "kubernetes", "certificates", "management",
  ]

  fileprivate mutating func segmentation(_ root: Node, catalogue: Catalogue) -> SegmentationFile? {
    let fields = fields(
      root, of: "the file", known: Self.keys, required: ["apiVersion", "kind", "cluster", "calico", "etcd"])
    constant(fields["apiVersion"], of: "'apiVersion'", "bulkhead/v1")
    constant(fields["kind"], of: "'kind'", "Segmentation")
    let cluster = text(fields["cluster"], of: "'cluster'")
    let calico = fields["calico"].flatMap { self.calico($0, catalogue: catalogue) }
    let etcd = fields["etcd"].flatMap { self.etcd($0) }
    let isolation: SegmentationFile.Isolation? = choice(fields["isolation"], of: "'isolation'")
    if let isolation, isolation != .component, let node = fields["isolation"] {
      fault(
        node, "isolation '\(isolation.rawValue)' is not available in this release", hint: "use 'component'")
    }
    let management: SegmentationFile.Management? = choice(fields["management"], of: "'management'")
    if let management, management != .additive, let node = fields["management"] {
      fault(
        node, "management '\(management.rawValue)' is not available in this release", hint: "use 'additive'")
    }
    // One name, one identity: whoever is named twice would hold two sets of grants.
    var names: [String: Int] = [:]
    let components = self.components(fields["components"], catalogue: catalogue, names: &names)
    let calicoctl = calicoctlUsers(fields["calicoctl"], names: &names)
    let custom = customComponents(fields["custom"], names: &names)
    let apiserver = apiserver(fields["kubernetes"], names: &names)
    let nodes = elements(fields["nodes"], of: "'nodes'").compactMap {
      text($0, of: "a node's name", numbers: true)
    }
    let certificates = certificates(fields["certificates"])
    if case .mapping = root, components.isEmpty, calicoctl.isEmpty, custom.isEmpty, faults.isEmpty {
      fault(
        root, "the file names no identity",
        hint: "list the components: [calico-node, cni-plugin, kube-controllers]")
    }
    guard let cluster, let calico, let etcd else { return nil }
    return SegmentationFile(
      cluster: cluster, calico: calico, etcd: etcd, isolation: isolation ?? .component,
      components: components,
      calicoctl: calicoctl, custom: custom, nodes: nodes, apiserver: apiserver, certificates: certificates,
      management: management ?? .additive)
  }

  private mutating func constant(_ node: Node?, of place: String, _ expected: String) {
    guard let node, let found = text(node, of: place), found != expected else { return }
    fault(node, "\(place) cannot be '\(found)'", hint: "write '\(expected)'")
  }

  private mutating func calico(_ node: Node, catalogue: Catalogue) -> SegmentationFile.Calico? {
    let fields = fields(
      node, of: "'calico'", known: ["version", "roles", "features"], required: ["version"])
    let roles: CatalogueForm? = choice(fields["roles"], of: "'calico.roles'")
    let known = catalogue.features.map(\.name)
    let features = elements(fields["features"], of: "'calico.features'").compactMap { node -> String? in
      guard let name = text(node, of: "a feature") else { return nil }
      guard known.contains(name) else {
        fault(node, "there is no feature '\(name)'", hint: NearestWord.hint(for: name, among: known))
        return nil
      }
      return name
    }
    guard let version = fields["version"], let word = text(version, of: "'calico.version'", numbers: true)
    else { return nil }
    do {
      return SegmentationFile.Calico(
        release: try CalicoRelease.known(word), roles: roles ?? .corrected, features: features)
    } catch {
      fault(version, error.message, hint: error.hint)
      return nil
    }
  }

  private mutating func etcd(_ node: Node) -> SegmentationFile.Etcd? {
    let keys = ["endpoints", "ca", "certificate", "key"]
    let fields = fields(node, of: "'etcd'", known: keys, required: keys)
    var endpoints: [Endpoint] = []
    for node in elements(fields["endpoints"], of: "'etcd.endpoints'") {
      guard let url = text(node, of: "an endpoint") else { continue }
      do {
        let endpoint = try Endpoint(url)
        if endpoints.contains(endpoint) {
          fault(node, "the endpoint '\(url)' stands twice", hint: "keep one of them")
        }
        endpoints.append(endpoint)
      } catch {
        fault(node, error.description, hint: error.hint)
      }
    }
    if let node = fields["endpoints"], node.sequence?.isEmpty == true {
      fault(node, "'etcd.endpoints' is empty", hint: "name at least one member's client URL")
    }
    guard let ca = text(fields["ca"], of: "'etcd.ca'"),
      let certificate = text(fields["certificate"], of: "'etcd.certificate'"),
      let key = text(fields["key"], of: "'etcd.key'")
    else { return nil }
    return SegmentationFile.Etcd(endpoints: endpoints, ca: ca, certificate: certificate, key: key)
  }

  private mutating func certificates(_ node: Node?) -> SegmentationFile.Certificates {
    var certificates = SegmentationFile.Certificates(directory: "pki", lifetime: .ninetyDays)
    guard let node else { return certificates }
    let fields = fields(node, of: "'certificates'", known: ["authority", "lifetime"])
    if let authority = fields["authority"] {
      let fields = self.fields(
        authority, of: "'certificates.authority'", known: ["directory"], required: ["directory"])
      if let directory = text(fields["directory"], of: "'certificates.authority.directory'") {
        certificates.directory = directory
      }
    }
    if let node = fields["lifetime"], let word = text(node, of: "'certificates.lifetime'", numbers: true) {
      if let lifetime = Lifetime(word) {
        certificates.lifetime = lifetime
      } else {
        fault(
          node, "'certificates.lifetime' cannot be '\(word)'",
          hint: "a number and a unit: 90d, 12h, 30m, 4w, 1y")
      }
    }
    return certificates
  }
}
