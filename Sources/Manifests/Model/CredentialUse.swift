/// One mount of a credential in a container, and the component that it is for.
struct CredentialUse {
  let pod: PodSpec
  let container: Container
  let mount: VolumeMount
  /// The scalar in the mount that names the volume.
  let volumeName: YAMLNode
  let volume: Volume
  let component: String
  /// Whether the user named the component: ``ManifestOptions/components``.
  let isMapped: Bool

  var object: KubernetesObject { pod.object }
}

extension [CredentialUse] {
  func of(_ pod: PodSpec) -> [CredentialUse] { filter { $0.pod.id == pod.id } }

  /// The components, each once, in alphabetical order.
  var components: [String] { Set(map(\.component)).sorted() }
}
