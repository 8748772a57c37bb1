/// Finds what has to change in a manifest, pass after pass. Each pass is a type in a file of its own. It gets
/// the manifest and what it needs of the earlier findings, and returns its own.
enum ManifestEditor {
  /// The order matters, because a pass sees what the passes before it found:
  ///
  /// - `CredentialSearch` finds the uses of credentials. Most other passes look at nothing else.
  /// - `DuplicateObjects`, `OtherReferences` and `OtherLogins` come before `VolumeAssignment`, which inserts no agent if the
  ///   manifest is refused already.
  /// - `Compaction` comes after `VolumeAssignment`: it edits only containers whose volume changes.
  /// - `PathReaders` comes directly after `CertificatePaths`, whose edits it looks at.
  /// - `NothingToSegment` comes after all passes that edit.
  /// - The passes after it only warn. Some of their warnings are for edited objects alone.
  ///
  /// Users see the order too: changes, faults and warnings of one line are listed as they were found.
  private static let passes: [@Sendable (Manifest, Findings) -> Findings] = [
    { manifest, _ in OptionCheck(manifest).findings },
    { manifest, _ in CredentialSearch(manifest).findings },
    { DuplicateObjects($0, uses: $1.uses).findings },
    { OtherReferences($0, uses: $1.uses).findings },
    { OtherLogins($0, uses: $1.uses).findings },
    { VolumeAssignment($0, uses: $1.uses, isRefused: $1.isRefused).findings },
    { HostLeftovers($0, uses: $1.uses).findings },
    { InstallerMount($0, uses: $1.uses).findings },
    { CertificatePaths($0, uses: $1.uses).findings },
    { PathReaders($0, uses: $1.uses, edits: $1.edits, isRefused: $1.isRefused).findings },
    { NetworkConfiguration($0, uses: $1.uses).findings },
    { Compaction($0, uses: $1.uses, edits: $1.edits).findings },
    { CalicoctlWiring($0, uses: $1.uses).findings },
    { RolloutMark($0, uses: $1.uses).findings },
    { UnprivilegedImages($0, uses: $1.uses, edits: $1.edits).findings },
    { NothingToSegment($0, uses: $1.uses, edits: $1.edits, isRefused: $1.isRefused).findings },
    { KnownProblems($0, uses: $1.uses).findings },
    { manifest, _ in ForeignEndpoints(manifest).findings },
    { UnchangeableObjects($0, edits: $1.edits).findings },
    { CanalProblems($0, uses: $1.uses).findings },
  ]

  /// Runs all passes. A file that could not be read is only refused.
  static func findings(in manifest: Manifest) -> Findings {
    var findings = Findings(in: manifest)
    findings.refuse(manifest.reader.faults)
    guard !findings.isRefused else { return findings }
    for pass in passes { findings.add(pass(manifest, findings)) }
    return findings
  }
}
