/// Warns of known problems of the CNI installer, whose copy of the credential on the host is the one that the
/// plugin uses.
struct InstallerProblems {
  private(set) var findings: Findings

  init(_ manifest: Manifest, _ use: CredentialUse) {
    findings = Findings(in: manifest)
    checkRenewal(of: use)
    checkDirectory(of: use)
    checkVersion(of: use)
  }

  private mutating func checkVersion(of use: CredentialUse) {
    if let version = use.container.image?.version, version == (3, 16, 0) {
      findings.warn(
        .installerFaulty, at: use.container.node["image"]?.range.lowerBound ?? 0, use.object,
        use.container.part,
        "is of v3.16.0, which writes no paths of the credential into the CNI configuration (cni-plugin#944)",
        hint: "use v3.16.1 or later")
    }
  }

  private mutating func checkRenewal(of use: CredentialUse) {
    let sleep = use.container.variable("SLEEP")
    let offset = (sleep?.node ?? use.container.node).range.lowerBound
    let ends = sleep?.value?.string == "false"
    if use.container.isInit, !ends {
      findings.warn(
        .installerSleeps, at: offset, use.object, use.container.part,
        "is an init container without SLEEP \"false\": it never exits, and the pod never starts",
        hint: "set SLEEP to \"false\" in its env")
    } else if use.container.isInit {
      findings.warn(
        .installerRotation, at: offset, use.object, use.container.part,
        "copies the credential to the host once, when the pod starts: a renewed one is not copied",
        hint: "restart \(use.object.title) after every renewal of the CNI plugin's certificate")
    } else if !ends, let version = use.container.image?.version, version >= (3, 16, 0) {
      // The installer watches the file that the kubelet removes when it first replaces the Secret's contents.
      findings.warn(
        .installerRotation, at: offset, use.object, use.container.part,
        "copies a renewed credential to the host only the first time",
        hint: "restart \(use.object.title) after every renewal of the CNI plugin's certificate")
    }
  }

  /// The paths in the CNI configuration begin with CNI_NET_DIR; the files are written to the mounted folder.
  private mutating func checkDirectory(of use: CredentialUse) {
    let usual = "/etc/cni/net.d"
    guard let mount = use.container.hostNetworkMount,
      let volume = use.pod.volumes.first(where: { $0.name == mount.volumeName }),
      let path = volume.node["hostPath"]?["path"], let folder = path.string
    else { return }
    let variable = use.container.variable("CNI_NET_DIR")
    if variable != nil, variable?.value?.string == nil { return }
    let named = variable?.value?.string ?? usual
    guard VolumeMount.normal(folder) != VolumeMount.normal(named) else { return }
    findings.warn(
      .cniDirectory, at: path.range.lowerBound, use.object, "volume \(volume.name)",
      "is \(folder), but the CNI configuration would name the credential's files in \(named)",
      hint: "set CNI_NET_DIR to \"\(folder)\" in the env of \(use.container.name)")
  }
}
