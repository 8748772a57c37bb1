/// A segmented manifest, with its changes and warnings.
package struct SegmentedManifest: Sendable {
  /// The complete new manifest.
  package let text: String
  /// The documents of the new Secrets, which the manifest also contains if they are placed inline. Contains
  /// private keys.
  package let secrets: String
  /// The documents of the agents' ConfigMaps, for a kustomization, which patches those whose names the original has
  /// already. ``text`` contains all.
  package var configMaps: String {
    let patched = findings.superseded.compactMap(successor)
    return findings.configMaps.filter { map in
      !patched.contains { $0.name == map.name && $0.namespace == map.namespace }
    }.flatMap(\.lines).map { $0 + "\n" }.joined()
  }
  /// In the order of the original's lines.
  package let changes: [ManifestChange]
  package let warnings: [ManifestWarning]
  /// The number of changed lines of the original, without the documents of Secrets.
  package let changedLines: Int
  /// The number of new lines, without the documents of Secrets.
  package let addedLines: Int

  let original: String
  let file: String
  /// The original, parsed, with the options of the run.
  let manifest: Manifest
  /// What all passes found in it.
  let findings: Findings
  let droppedObjects: [KubernetesObject]

  /// The Secrets of the original in whose place new ones of the same name come.
  package var replacedSecrets: [String] {
    droppedObjects.filter { object in
      object.kind == "Secret" && manifest.secrets.contains { $0.name == object.name }
    }.map(\.name)
  }

  /// Nothing has to change: the text equals the original, byte for byte.
  package var isAlreadySegmented: Bool { changes.isEmpty }

  /// Whether the original contains credentials: a Secret with content.
  package var originalHoldsCredentials: Bool { manifest.objects.contains(where: \.holdsCredentials) }

  /// Whether ``text`` contains credentials, so that others must not read it.
  package var holdsCredentials: Bool {
    let dropped = Set(droppedObjects.map(\.id))
    return manifest.options.placement == .inline && !secrets.isEmpty
      || manifest.objects.contains { $0.holdsCredentials && !dropped.contains($0.id) }
  }

  /// Whether a text contains nothing but Secrets of an earlier run, or nothing at all, so that others may replace it.
  package static func holdsOnlyOwnSecrets(_ text: String) -> Bool {
    if text.allSatisfy(\.isWhitespace) { return true }
    let reader = ManifestReader(text, file: "")
    return reader.faults.isEmpty && reader.objects.allSatisfy { $0.kind == "Secret" && $0.isManaged }
  }

  /// The changes as a unified diff with three lines of context; empty if nothing changes. The contents of
  /// Secrets are replaced by "(not shown)", so that the diff can be shown; they are in the original and in
  /// the text.
  package func diff() -> String {
    UnifiedDiff(
      old: DiffSide(original, hidden: ManifestReader(original, file: file).secretLines),
      new: DiffSide(text, hidden: ManifestReader(text, file: file).secretLines), name: file
    ).text
  }
}
