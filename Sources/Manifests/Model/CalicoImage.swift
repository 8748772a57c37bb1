/// Calico's single image, `calico/calico`, from v3.33 on: `component cni install`, `component kube-controllers`
/// (Calico, `manifests/calico-etcd.yaml` of release-v3.33).
enum CalicoImage {
  /// The user and the group as which the image runs (`docker/calico/Dockerfile` of release-v3.33).
  static let unprivileged = 10_001

  static func holds(_ image: ImageReference) -> Bool {
    image.baseName == "calico" || ["-calico", "_calico"].contains { image.baseName.hasSuffix("calico" + $0) }
  }

  /// The component that a container of the image runs; nil if its arguments do not say it.
  static func component(of container: Container) -> String? {
    guard let image = container.image, holds(image) else { return nil }
    let words = ["command", "args"].flatMap { container.node[$0]?.items ?? [] }.compactMap(\.string)
    guard let index = words.firstIndex(of: "component"), words.indices.contains(index + 1) else { return nil }
    return [
      "cni": "cni-plugin", "kube-controllers": "kube-controllers", "node": "calico-node", "typha": "typha",
    ][words[index + 1]]
  }
}

extension PodSpec {
  /// Whether kube-controllers or Typha in the pod does not run in the group of root, as before Calico v3.33.
  var hasUnprivilegedImages: Bool {
    containers.contains { container in
      guard let component = ComponentSignature.named(container.name)?.component,
        ComponentSignature.withoutRoot.contains(component)
      else { return false }
      return container.image.map { CalicoImage.holds($0) || ($0.version.map { $0 >= (3, 33, 0) } ?? false) }
        ?? false
    }
  }
}
