/// Refuses containers that reach etcd with another login than their certificate: etcd counts a password before a
/// certificate, so that the container would keep the access of the old user, whatever its certificate allows.
struct OtherLogins {
  private let manifest: Manifest
  private(set) var findings: Findings

  /// Variables of Calico (`libcalico-go/lib/apiconfig`, `lib/backend/etcdv3`), flannel and etcdctl, and what each does.
  /// Calico reads each of its own with the prefix `CALICO_` first (`envconfig.Process("calico", …)`).
  private static let effects: [String: String] = {
    let logins = [
      "ETCD_USERNAME", "ETCD_PASSWORD", "CALICO_ETCD_USERNAME", "CALICO_ETCD_PASSWORD",
      "FLANNELD_ETCD_USERNAME", "FLANNELD_ETCD_PASSWORD", "ETCDCTL_USER", "ETCDCTL_PASSWORD",
    ]
    var effects = Dictionary(
      uniqueKeysWithValues: logins.map { ($0, "a login with a password counts before the certificate") })
    for file in CredentialFile.allCases {
      effects["CALICO_\(file.variable)"] = "it counts before \(file.variable)"
    }
    return effects
  }()

  init(_ manifest: Manifest, uses: [CredentialUse]) {
    self.manifest = manifest
    findings = Findings(in: manifest)
    for pod in manifest.pods {
      let users = Set(uses.of(pod).map(\.container.node.range))
      for container in pod.containers {
        let isKnown = ComponentSignature.named(container.name) != nil
        if users.contains(container.node.range) || isKnown && container.variable("ETCD_ENDPOINTS") != nil {
          check(container, of: pod.object)
          checkSources(of: container, of: pod.object)
        }
      }
    }
  }

  private mutating func check(_ container: Container, of object: KubernetesObject) {
    for variable in container.environment {
      // An empty value is as if it were not there.
      guard let effect = Self.effects[variable.name],
        variable.node["valueFrom"] != nil || variable.value?.string?.isEmpty == false
      else { continue }
      findings.fault(
        at: variable.node.range.lowerBound, object, container.part, "has \(variable.name): \(effect)",
        hint: "remove \(variable.name) from its env")
    }
  }

  /// The variables that come from a whole ConfigMap or Secret of the file.
  private mutating func checkSources(of container: Container, of object: KubernetesObject) {
    for source in container.node["envFrom"]?.items ?? [] {
      let prefix = source["prefix"]?.string ?? ""
      for (key, kind) in [("configMapRef", "ConfigMap"), ("secretRef", "Secret")] {
        guard let name = source[key]?["name"]?.string,
          let origin = manifest.find(kind, named: name, from: object).first
        else { continue }
        for entry in ["data", "stringData"].flatMap({ origin.root[$0]?.entries ?? [] }) {
          let own = entry.key.string ?? ""
          guard let effect = Self.effects[prefix + own], entry.value.resolved.string?.isEmpty == false else {
            continue
          }
          findings.fault(
            at: entry.key.range.lowerBound, origin, own,
            "is \(prefix)\(own) in \(object.title), \(container.part), by its envFrom: \(effect)",
            hint: "remove \(own) from \(origin.title), or the reference from envFrom")
        }
      }
    }
  }
}
