import Catalogue
import YAML

/// What a Calico manifest for etcd says about the installation: its release, which components it runs, and where etcd
/// is.
package struct ManifestFacts: Sendable {
  package let file: String
  /// The release of Calico's images, as in `v3.32.1`.
  package private(set) var calico: Finding<String>?
  /// Names of the catalogue.
  package private(set) var components: Finding<[String]>?
  /// https client URLs.
  package private(set) var endpoints: Finding<[String]>?
  package private(set) var remarks: [String] = []

  /// - Parameter file: its path, for the sources of findings.
  package init(_ text: String, file: String) {
    self.file = file
    let documents = YAMLDocuments(text)
    if let line = documents.faultLine {
      remarks.append(
        "\(file) was read up to line \(line), which is not YAML; for a template give its rendered output")
    }
    var containers: [Container] = []
    for root in documents.all { collect(from: root, &containers) }
    guard !containers.contains(where: { $0.variables["DATASTORE_TYPE"] == "kubernetes" }) else {
      remarks.append("\(file) keeps Calico's data in Kubernetes, not in etcd, so it was not used")
      endpoints = nil
      return
    }
    takeRelease(containers)
    let found = Container.components.filter { component in
      containers.contains { $0.component == component }
    }
    if !found.isEmpty { components = Finding(found, "the containers in \(file)") }
    if calico == nil, found.isEmpty { remarks.append("\(file) has no container of Calico") }
  }

  private struct Container {
    let name: String
    let image: String
    /// Variables that have their value in the manifest; empty for a value that comes from elsewhere.
    let variables: [String: String]

    /// In the order of the file that `init` writes.
    static let components = ["calico-node", "cni-plugin", "kube-controllers", "flannel"]

    /// The names of containers in the published manifests (Calico, `manifests/calico-etcd.yaml`, `canal-etcd.yaml`).
    var component: String? {
      switch name {
      case "calico-node": "calico-node"
      case "install-cni": "cni-plugin"
      case "calico-kube-controllers": "kube-controllers"
      case "kube-flannel" where variables.keys.contains { $0.hasPrefix("FLANNELD_ETCD_") }: "flannel"
      default: nil
      }
    }

    var isOfCalico: Bool { component.map { $0 != "flannel" } ?? false }
  }

  private mutating func collect(from node: Node, _ containers: inout [Container]) {
    if let items = node.sequence {
      for item in items { collect(from: item, &containers) }
    }
    guard let mapping = node.mapping else { return }
    if let name = node["name"]?.string, let image = node["image"]?.string {
      var variables: [String: String] = [:]
      for variable in node["env"]?.sequence ?? [] {
        if let key = variable["name"]?.string { variables[key] = variable["value"]?.string ?? "" }
      }
      containers.append(Container(name: name, image: image, variables: variables))
    }
    if node["kind"]?.string == "ConfigMap", let text = node["data"]?["etcd_endpoints"]?.string {
      take(text, of: node["metadata"]?["name"]?.string ?? "")
    }
    for (_, value) in mapping.pairs { collect(from: value, &containers) }
  }

  /// The published manifests have placeholders there: `http://<ETCD_IP>:<ETCD_PORT>`.
  private mutating func take(_ text: String, of configMap: String) {
    let urls = text.split(separator: ",").map { String($0.drop { $0 == " " }) }
    guard endpoints == nil, !urls.isEmpty, urls.allSatisfy({ $0.hasPrefix("https://") && !$0.contains("<") })
    else { return }
    endpoints = Finding(urls, "etcd_endpoints of ConfigMap/\(configMap) in \(file)")
  }

  private mutating func takeRelease(_ containers: [Container]) {
    var versions: [String] = []
    for container in containers where container.isOfCalico {
      guard let tag = ImageTag(container.image)?.text, CalicoRelease(tag) != nil else { continue }
      let version = String(tag.prefix { $0 != "-" && $0 != "+" })
      if !versions.contains(version) { versions.append(version) }
    }
    guard let version = versions.first else { return }
    guard versions.count == 1 else {
      remarks.append("\(file) runs several releases of Calico: \(versions.joined(separator: ", "))")
      return
    }
    calico = Finding(version, "the images in \(file)")
  }
}
