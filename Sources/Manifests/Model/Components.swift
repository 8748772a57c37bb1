/// How a container of a hosted manifest is recognised as a Calico component: by its name and by its image.
///
/// Names and images are from Calico's manifests v2.6 to v3.32 (`manifests/*-etcd.yaml` and the charts that
/// they are generated from).
struct ComponentSignature: Sendable {
  let component: String
  let containers: [String]
  let images: [String]

  static let all: [ComponentSignature] = [
    ComponentSignature(component: "calico-node", containers: ["calico-node"], images: ["node"]),
    ComponentSignature(
      component: "cni-plugin", containers: ["install-cni", "install-calico-cni"], images: ["cni"]),
    ComponentSignature(
      component: "kube-controllers", containers: ["calico-kube-controllers"], images: ["kube-controllers"]),
    ComponentSignature(component: "typha", containers: ["calico-typha"], images: ["typha"]),
    ComponentSignature(component: "flannel", containers: ["flannel", "kube-flannel"], images: ["flannel"]),
    // Canal's Job writes flannel's network configuration with etcdctl.
    ComponentSignature(component: "flannel", containers: ["configure-flannel"], images: ["etcd"]),
    ComponentSignature(component: "calicoctl", containers: ["calicoctl"], images: ["ctl", "calicoctl"]),
  ]

  /// If several components share a volume, the one that comes first here keeps it, so that the fewest lines
  /// change.
  static let precedence = ["calico-node", "kube-controllers", "typha", "calicoctl", "flannel", "cni-plugin"]

  /// The components whose images run in the group of root as user 999, and from Calico v3.33 on as 10001:10001
  /// (`docker/calico/Dockerfile`, before that the Dockerfiles of kube-controllers and Typha).
  static let withoutRoot: Set<String> = ["kube-controllers", "typha"]

  static func named(_ container: String) -> ComponentSignature? {
    all.first { $0.containers.contains(container) }
  }

  /// The component of a container by its image, and by its arguments where one image serves all components.
  static func byImage(of container: Container) -> String? {
    CalicoImage.component(of: container) ?? container.image.flatMap(of(image:))?.component
  }

  /// The component of an image, independent of its registry: `calico/node`, `host:5000/mirrored-calico-node`.
  static func of(image: ImageReference) -> ComponentSignature? {
    all.first { $0.holds(image) }
  }

  /// Whether the image of a container is one of the component.
  func holds(_ container: Container, image: ImageReference) -> Bool {
    CalicoImage.component(of: container).map { $0 == component } ?? holds(image)
  }

  func holds(_ image: ImageReference) -> Bool {
    images.contains { name in
      image.baseName == name
        || ["calico-", "calico_", "coreos-", "mirrored-"].contains { image.baseName.hasSuffix($0 + name) }
    }
  }
}

/// The parts of a container image's name: `registry:port/path/base:tag@digest`.
struct ImageReference: Sendable {
  /// The last part of the path, without tag and digest.
  let baseName: String
  let tag: String?

  init(_ text: String) {
    let name = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).first ?? ""
    let last = name.split(separator: "/").last ?? ""
    let parts = last.split(separator: ":", maxSplits: 1)
    baseName = parts.first.map(String.init) ?? ""
    tag = parts.count > 1 ? String(parts[1]) : nil
  }

  /// Major, minor and patch version of a tag such as `v3.17.1` or `v3.32.1-amd64`.
  var version: (Int, Int, Int)? {
    guard let tag, let match = tag.firstMatch(of: #/v?(\d{1,6})\.(\d{1,6})\.(\d{1,6})/#) else { return nil }
    guard let major = Int(match.1), let minor = Int(match.2), let patch = Int(match.3) else { return nil }
    return (major, minor, patch)
  }
}
