import Catalogue
import Names
import StrictYAML
import Text
import YAML

/// Reads the parts of the file about the cluster: Calico, etcd and the certificates.
extension FileReader {
  mutating func calico(_ node: Node, catalogue: Catalogue) -> SegmentationFile.Calico? {
    let fields = fields(
      node, of: "'calico'", known: ["version", "also", "roles", "features", "region", "network"],
      required: ["version"])
    let roles: CatalogueForm? = choice(fields["roles"], of: "'calico.roles'")
    let features = features(fields["features"], known: catalogue.features.map(\.name))
    let region = region(fields["region"])
    let network = network(fields["network"])
    guard let version = fields["version"], let release = release(version, of: "'calico.version'")
    else { return nil }
    var also: [CalicoRelease] = []
    for node in elements(fields["also"], of: "'calico.also'") {
      guard let other = self.release(node, of: "a release of 'calico.also'") else { continue }
      if other == release || also.contains(other) {
        fault(
          node, "the release \(other) is listed already",
          hint: "patch releases read and write the same keys: keep one of each minor release")
      } else {
        also.append(other)
      }
    }
    return SegmentationFile.Calico(
      release: release, also: also, roles: roles ?? .corrected, features: features, region: region,
      network: network)
  }

  private mutating func release(_ node: Node, of place: String) -> CalicoRelease? {
    guard let word = text(node, of: place, numbers: true) else { return nil }
    do {
      return try CalicoRelease.known(word)
    } catch {
      fault(node, error.message, hint: error.hint)
      return nil
    }
  }

  private mutating func network(_ node: Node?) -> String? {
    guard let node, let name = text(node, of: "'calico.network'") else { return nil }
    do {
      try Installation.checkNetwork(name)
      return name
    } catch {
      fault(node, error.message, hint: error.hint)
      return nil
    }
  }

  private mutating func region(_ node: Node?) -> String? {
    guard let node, let name = text(node, of: "'calico.region'") else { return nil }
    do {
      try Installation.checkRegion(name)
      return name
    } catch {
      fault(node, error.message, hint: error.hint)
      return nil
    }
  }

  private mutating func features(_ node: Node?, known: [String]) -> [String] {
    var features: [String] = []
    for node in elements(node, of: "'calico.features'") {
      guard let name = text(node, of: "a feature") else { continue }
      if !known.contains(name) {
        fault(node, "unknown feature \(quoted(name))", hint: NearestWord.hint(for: name, among: known))
      } else if features.contains(name) {
        fault(node, "the feature '\(name)' is listed twice", hint: "keep one of them")
      } else {
        features.append(name)
      }
    }
    return features
  }

  mutating func etcd(_ node: Node) -> SegmentationFile.Etcd? {
    let keys = ["endpoints", "ca", "certificate", "key"]
    let fields = fields(node, of: "'etcd'", known: keys + ["tls-server-name"], required: keys)
    let serverName = serverName(fields["tls-server-name"])
    let endpoints = endpoints(fields["endpoints"])
    let ca = text(fields["ca"], of: "'etcd.ca'")
    let certificate = text(fields["certificate"], of: "'etcd.certificate'")
    let key = text(fields["key"], of: "'etcd.key'")
    guard let ca, let certificate, let key else { return nil }
    return SegmentationFile.Etcd(
      endpoints: endpoints, ca: ca, certificate: certificate, key: key, serverName: serverName)
  }

  /// A name with an empty label, such as `.example.com`, is the name of no host.
  private mutating func serverName(_ node: Node?) -> String? {
    guard let node, let name = text(node, of: "'etcd.tls-server-name'") else { return nil }
    let host = name.hasSuffix(".") ? name.dropLast() : name[...]
    if host.split(separator: ".", omittingEmptySubsequences: false).contains(where: \.isEmpty) {
      fault(
        node, "'etcd.tls-server-name' cannot be \(quoted(name))",
        hint: "write a whole name or address that the members' server certificates have")
    }
    return name
  }

  private mutating func endpoints(_ node: Node?) -> [Endpoint] {
    var endpoints: [Endpoint] = []
    for node in elements(node, of: "'etcd.endpoints'") {
      guard let url = text(node, of: "an endpoint") else { continue }
      do {
        let endpoint = try Endpoint(url)
        if endpoints.contains(endpoint) {
          fault(node, "the endpoint \(quoted(url)) is listed twice", hint: "keep one of them")
        }
        endpoints.append(endpoint)
      } catch {
        fault(node, "endpoint \(quoted(error.url)) \(error.problem)", hint: error.hint)
      }
    }
    if let node, node.sequence?.isEmpty == true {
      fault(node, "'etcd.endpoints' is empty", hint: "name at least one member's client URL")
    }
    return endpoints
  }

  mutating func certificates(_ node: Node?) -> SegmentationFile.Certificates {
    var certificates = SegmentationFile.Certificates(
      directory: "pki", lifetime: .ninetyDays, enrolledLifetime: .oneDay)
    guard let node else { return certificates }
    let fields = fields(node, of: "'certificates'", known: ["authority", "lifetime", "enrolledLifetime"])
    if let authority = fields["authority"] {
      let fields = self.fields(
        authority, of: "'certificates.authority'", known: ["directory"], required: ["directory"])
      if let directory = text(fields["directory"], of: "'certificates.authority.directory'") {
        certificates.directory = directory
      }
    }
    if let lifetime = lifetime(fields["lifetime"], of: "'certificates.lifetime'") {
      certificates.lifetime = lifetime
    }
    if let node = fields["enrolledLifetime"],
      let lifetime = lifetime(node, of: "'certificates.enrolledLifetime'")
    {
      certificates.enrolledLifetime = lifetime
      if lifetime.seconds > certificates.lifetime.seconds {
        fault(
          node,
          "'certificates.enrolledLifetime' is longer than 'certificates.lifetime', which is "
            + "\(certificates.lifetime)", hint: "give a shorter one; the default is 24h")
      }
    }
    return certificates
  }

  private mutating func lifetime(_ node: Node?, of name: String) -> Lifetime? {
    guard let node, let word = text(node, of: name, numbers: true) else { return nil }
    guard let lifetime = Lifetime(word) else {
      fault(node, "\(name) cannot be \(quoted(word))", hint: Lifetime.form)
      return nil
    }
    return lifetime
  }
}
