import Catalogue
import StrictYAML
import YAML

extension SegmentationFile {
  /// Parses `bulkhead.yaml`.
  /// - Parameters:
  ///   - text: The text of the file.
  ///   - file: The name of the file in messages.
  ///   - catalogue: The components and features that the file may name.
  ///   - list: The nodes; replaces those of the file.
  /// - Throws: ``FileFaults`` with every fault of the file, each with line, column and hint; if the file has
  ///   no faults, those of the list.
  package init(
    _ text: String, file: String, catalogue: Catalogue, nodes list: NodeList? = nil
  ) throws(FileFaults) {
    let text = YAMLText(
      text, emptyHint: "'bulkhead init' writes one to begin with", secondHint: "one file, one segmentation")
    var inList: [Fault] = []
    self = try FileReader.read(text, file: file) {
      $0.segmentation($1, catalogue: catalogue, list: list, faults: &inList)
    }
    if let list, !inList.isEmpty { throw FileFaults(file: list.file, faults: inList) }
  }
}

extension FileReader {
  private static let keys = [
    "apiVersion", "kind", "cluster", "calico", "etcd", "isolation", "components", "calicoctl", "custom",
    "roles", "nodes",
    "kubernetes", "administrators", "certificates", "management", "owner", "protect",
    "rules", "accept",
  ]

  fileprivate mutating func segmentation(
    _ root: Node, catalogue: Catalogue, list: NodeList?, faults inList: inout [Fault]
  ) -> SegmentationFile? {
    let fields = fields(
      root, of: "the file", known: Self.keys, required: ["apiVersion", "kind", "cluster", "calico", "etcd"])
    constant(fields["apiVersion"], of: "'apiVersion'", "bulkhead/v1")
    constant(fields["kind"], of: "'kind'", "Segmentation")
    let cluster = text(fields["cluster"], of: "'cluster'")
    let calico = fields["calico"].flatMap { self.calico($0, catalogue: catalogue) }
    let etcd = fields["etcd"].flatMap { self.etcd($0) }
    let isolation: SegmentationFile.Isolation =
      choice(fields["isolation"], of: "'isolation'") ?? .component
    let certificates = certificates(fields["certificates"])
    let management: SegmentationFile.Management? = choice(fields["management"], of: "'management'")

    var names = ClaimedNames()
    let components = self.components(fields["components"], catalogue: catalogue, names: &names)
    let divided = isolation.usersPerNode ? components.filter { catalogue[$0]?.placement == .node } : []
    let isFile = fields["nodes"]?.scalar != nil
    let nodesFile = isFile ? text(fields["nodes"], of: "'nodes', if it is not a list,") : nil
    var kubernetes: [String: NodeName] = [:]
    // With a list of nodes, the section only says which names differ.
    if list != nil, !isFile { kubernetes = kubernetesNames(fields["nodes"]) }
    let nodes =
      if let list {
        self.nodes(
          list.renamed(by: kubernetes),
          line: fields["nodes"]?.position.line ?? 1, dividing: divided, names: &names, faults: &inList)
      } else if isFile {
        [NodeName]()
      } else {
        self.nodes(fields["nodes"], dividing: divided, names: &names, kubernetes: &kubernetes)
      }
    let calicoctl = calicoctlUsers(fields["calicoctl"], names: &names)
    let custom = customComponents(fields["custom"], catalogue: catalogue, names: &names)
    let apiservers = apiservers(fields["kubernetes"], names: &names)
    let administrators = administrators(fields["administrators"], names: &names)
    var roleNames = RoleNames(
      components: components, nodes: divided.isEmpty ? [] : nodes, divided: divided, calicoctl: calicoctl,
      hasApiserver: !apiservers.isEmpty)
    let customRoles = self.customRoles(fields["roles"], custom, &roleNames)
    checkRoles(fields["custom"], of: custom, roleNames)
    let hasNodes = list != nil || fields["nodes"].map { $0.sequence?.isEmpty != true } ?? false
    if isolation != .component, !hasNodes, let node = fields["isolation"] {
      fault(
        node, "isolation '\(isolation.rawValue)' needs the list of nodes",
        hint: "list them under 'nodes', or name a file there, by the names that 'kubectl get nodes' shows")
    }
    if case .mapping = root, components.isEmpty, calicoctl.isEmpty, custom.isEmpty, customRoles.isEmpty,
      faults.isEmpty
    {
      fault(
        root, "the file has no identities",
        hint: "list the components: [calico-node, cni-plugin, kube-controllers]")
    }
    // While the list of nodes was not read, the users of the nodes are not known.
    let rules = self.rules(fields["rules"], known: isFile && list == nil ? nil : names.all)
    let accepted = self.accepted(fields["accept"])
    guard let cluster, let calico, let etcd else { return nil }
    return SegmentationFile(
      cluster: cluster, calico: calico, etcd: etcd, isolation: isolation, components: components,
      calicoctl: calicoctl, custom: custom, customRoles: customRoles, nodes: nodes,
      nodesByKubernetesName: kubernetes,
      nodesFile: list == nil ? nodesFile : nil, apiservers: apiservers,
      kubernetesPrefix: kubernetesPrefix(fields["kubernetes"]), administrators: administrators,
      certificates: certificates,
      management: management ?? .additive, owner: text(fields["owner"], of: "'owner'"),
      protected: elements(fields["protect"], of: "'protect'").compactMap {
        text($0, of: "an entry of 'protect'")
      }, rules: rules, accepted: accepted)
  }
}
