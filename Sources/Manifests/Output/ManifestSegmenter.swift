/// Gives each Calico component in a hosted manifest its own Secret, with the smallest change of the text.
///
/// Follows references and not names: from a mount at `/calico-secrets` to its volume and Secret, from a
/// variable to its ConfigMap. Refuses what it does not recognise.
package struct ManifestSegmenter: Sendable {
  package var options: ManifestOptions

  package init(options: ManifestOptions = ManifestOptions()) { self.options = options }

  /// - Parameters:
  ///   - text: The manifest as read, byte order mark and line endings included.
  ///   - file: The name of the file in faults and warnings.
  /// - Throws: ``ManifestRefusal`` with all faults; nothing is changed then.
  package func segment(_ text: String, file: String) throws(ManifestRefusal) -> SegmentedManifest {
    let manifest = Manifest(ManifestReader(text, file: file), options: options)
    var findings = ManifestEditor.findings(in: manifest)
    try Self.check(findings)
    let secrets = SecretDocuments(manifest, findings)
    findings.add(secrets.findings)

    let source = manifest.reader.source
    var edits: [TextEdit] = []
    for planned in findings.edits {
      do { edits.append(try planned.edit.textEdit(in: source)) } catch {
        findings.refuse([
          ManifestFault(
            place: planned.place, message: "\(error.message), in line \(source.line(at: error.offset))",
            hint: "write it as Calico's own manifests do")
        ])
      }
    }
    var listEdits: [TextEdit] = []
    for (_, edit) in secrets.listEdits {
      do { listEdits.append(try edit.textEdit(in: source)) } catch {
        findings.fault(
          at: error.offset, nil, nil, error.message, hint: "write it as kubectl get -o yaml does")
      }
    }
    try Self.check(findings)

    let result = source.applying(edits + secrets.edits + listEdits)
    let wrong = SelfCheck(manifest: manifest, edited: findings, secrets: secrets).faults(in: result)
    guard wrong.isEmpty else {
      throw ManifestRefusal(
        faults: wrong.map {
          ManifestFault(
            place: ManifestPlace(file: file, line: 1),
            message: "is laid out in a way that cannot be edited safely: \($0)",
            hint: "write it as Calico's own manifests do, and report this manifest")
        })
    }
    var warnings = findings.warnings
    if options.placement == .inline, !secrets.new.isEmpty {
      warnings.append(Self.inlineWarning(secrets, manifest.reader))
    }
    return SegmentedManifest(
      text: result, secrets: secrets.text, changes: Self.changes(manifest, findings, secrets),
      warnings: warnings.sorted { $0.place.line < $1.place.line },
      changedLines: edits.reduce(0) { $0 + $1.changedLines },
      addedLines: edits.reduce(0) { $0 + $1.addedLines },
      original: text, file: file, manifest: manifest, findings: findings, droppedObjects: secrets.dropped)
  }

  private static func check(_ findings: Findings) throws(ManifestRefusal) {
    guard findings.isRefused else { return }
    throw ManifestRefusal(faults: findings.faults.sorted { $0.place.line < $1.place.line })
  }

  private static func changes(
    _ manifest: Manifest, _ findings: Findings, _ secrets: SecretDocuments
  ) -> [ManifestChange] {
    var changes = findings.edits.map { ManifestChange(place: $0.place, what: $0.what) }
    changes += secrets.dropped.map {
      ManifestChange(
        place: manifest.reader.place($0.root.range.lowerBound, $0),
        what: $0.kind == "Secret"
          ? "is removed: each component now has its own Secret"
          : "is removed: it is the earlier configuration of an agent")
    }
    var new = findings.configMaps.map { ("ConfigMap/\($0.name)", "the configuration of an agent") }
    if manifest.options.placement == .inline {
      new += secrets.new.map { ("Secret/\($0.name)", "the credential of \($0.component)") }
    }
    let line = newLine(secrets, manifest.reader)
    changes += new.map { object, what in
      ManifestChange(
        place: ManifestPlace(file: manifest.reader.file, line: line, object: object), what: "is new: \(what)")
    }
    return changes.sorted { $0.place.line < $1.place.line }
  }

  private static func newLine(_ secrets: SecretDocuments, _ reader: ManifestReader) -> Int {
    let isLast = secrets.position >= reader.documents.count
    return reader.source.line(
      at: isLast ? reader.source.bytes.count : reader.documents[secrets.position].range.lowerBound)
  }

  private static func inlineWarning(_ secrets: SecretDocuments, _ reader: ManifestReader) -> ManifestWarning {
    ManifestWarning(
      kind: .inlineSecret, place: ManifestPlace(file: reader.file, line: newLine(secrets, reader)),
      message:
        "the file contains private keys, and client-side kubectl apply copies them into an annotation",
      hint: "use kubectl apply --server-side, or write the Secrets to a separate file")
  }
}
