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
    let reader = ManifestReader(text, file: file)
    var plan = SegmentationPlan(reader, options: options)
    plan.run()
    guard plan.faults.isEmpty else { throw Self.refusal(plan.faults) }

    let secrets = SecretDocuments(&plan)
    var edits: [TextEdit] = []
    for planned in plan.edits {
      do { edits.append(try planned.edit.textEdit(in: reader.source)) } catch {
        plan.faults.append(
          ManifestFault(
            place: planned.place,
            message: "\(error.message), in line \(reader.source.line(at: error.offset))",
            hint: "write it as Calico's own manifests do"))
      }
    }
    var listEdits: [TextEdit] = []
    for (_, edit) in secrets.listEdits {
      do { listEdits.append(try edit.textEdit(in: reader.source)) } catch {
        plan.fault(at: error.offset, nil, nil, error.message, hint: "write it as kubectl get -o yaml does")
      }
    }
    guard plan.faults.isEmpty else { throw Self.refusal(plan.faults) }

    let result = reader.source.applying(edits + secrets.edits + listEdits)
    let wrong = SelfCheck(plan: plan, secrets: secrets).faults(in: result)
    guard wrong.isEmpty else {
      throw ManifestRefusal(
        faults: wrong.map {
          ManifestFault(
            place: ManifestPlace(file: file, line: 1),
            message: "is laid out in a way that cannot be edited safely: \($0)",
            hint: "write it as Calico's own manifests do, and report this manifest")
        })
    }
    if options.placement == .inline, !secrets.new.isEmpty {
      plan.warnings.append(Self.inlineWarning(secrets, reader))
    }
    return SegmentedManifest(
      text: result, secrets: secrets.text, changes: Self.changes(plan, secrets),
      warnings: plan.warnings.sorted { $0.place.line < $1.place.line },
      changedLines: edits.reduce(0) { $0 + $1.changedLines },
      addedLines: edits.reduce(0) { $0 + $1.addedLines },
      original: text, file: file, plan: plan, droppedObjects: secrets.dropped)
  }

  private static func refusal(_ faults: [ManifestFault]) -> ManifestRefusal {
    ManifestRefusal(faults: faults.sorted { $0.place.line < $1.place.line })
  }

  private static func changes(_ plan: SegmentationPlan, _ secrets: SecretDocuments) -> [ManifestChange] {
    var changes = plan.edits.map { ManifestChange(place: $0.place, what: $0.what) }
    changes += secrets.dropped.map {
      ManifestChange(
        place: plan.place($0.root.range.lowerBound, $0),
        what: "is left out: each component has a Secret of its own now")
    }
    changes += plan.configMaps.map { map in
      let place = ManifestPlace(
        file: plan.reader.file, line: newLine(secrets, plan.reader), object: "ConfigMap/\(map.name)")
      return ManifestChange(place: place, what: "is new: the configuration of an agent")
    }
    if plan.options.placement == .inline {
      changes += secrets.new.map { secret in
        let place = ManifestPlace(
          file: plan.reader.file, line: newLine(secrets, plan.reader), object: "Secret/\(secret.name)")
        return ManifestChange(place: place, what: "is new: the credential of \(secret.component)")
      }
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
        "the file holds private keys now, and client-side kubectl apply copies them into an annotation",
      hint: "apply with kubectl apply --server-side, or have the Secrets written to a file of their own")
  }
}
