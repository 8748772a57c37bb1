/// One mount of a credential in a container, and the component that it is for.
struct CredentialUse {
  let pod: Int
  let container: Container
  let mount: VolumeMount
  /// The scalar in the mount that names the volume.
  let volumeName: YAMLNode
  let volume: Volume
  let component: String
  let isMapped: Bool
}
