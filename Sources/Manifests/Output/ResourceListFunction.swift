/// The segmenter as a function of the Kubernetes Resource Model: it takes a ResourceList and returns it with
/// segmented items, and with changes and warnings as its `results` (KRM Functions Specification, version v1).
package struct ResourceListFunction: Sendable {
  package var segmenter: ManifestSegmenter

  package init(segmenter: ManifestSegmenter) { self.segmenter = segmenter }

  /// The result of a run.
  package struct Outcome: Sendable {
    /// The ResourceList to write. If its items are refused, they are unchanged.
    package let text: String
    /// The segmented manifest, or why it was refused.
    package let result: Result<SegmentedManifest, ManifestRefusal>
  }

  /// Runs the function. Containers that are not recognised may be mapped in the functionConfig, a ConfigMap
  /// whose data has a key `components` such as `felix=calico-node,probe=calico-node`.
  ///
  /// - Throws: ``ManifestRefusal`` if the text is not a ResourceList, so that results cannot be written to
  ///   it.
  package func run(_ text: String, file: String) throws(ManifestRefusal) -> Outcome {
    let reader = ManifestReader(text, file: file)
    guard let root = reader.documents.first?.root, reader.documents.count == 1,
      root["kind"]?.string == "ResourceList"
    else {
      let fault = ManifestFault(
        place: ManifestPlace(file: file, line: 1), message: "is not a ResourceList",
        hint: "give the items as a ResourceList, as kustomize and kpt do")
      throw ManifestRefusal(faults: reader.faults.isEmpty ? [fault] : reader.faults)
    }
    var segmenter = segmenter
    segmenter.options.mayHaveNone = true
    let mapping = root["functionConfig"]?["data"]?["components"]?.string ?? ""
    for pair in mapping.split(whereSeparator: { ",\n ".contains($0) }) {
      let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
      if parts.count == 2 { segmenter.options.components[parts[0]] = parts[1] }
    }
    let result: Result<SegmentedManifest, ManifestRefusal>
    do { result = .success(try segmenter.segment(text, file: file)) } catch { result = .failure(error) }
    let new = (try? result.get().text) ?? text
    return Outcome(text: try adding(results(result, of: reader), to: new, file: file), result: result)
  }

  private func results(_ result: Result<SegmentedManifest, ManifestRefusal>, of reader: ManifestReader)
    -> [YAMLValue]
  {
    switch result {
    case .success(let segmented):
      return segmented.warnings.map {
        value("\($0.message); \($0.hint)", severity: "warning", at: $0.place, of: reader)
      } + segmented.changes.map { value($0.what, severity: "info", at: $0.place, of: reader) }
    case .failure(let refusal):
      return refusal.faults.map {
        value("\($0.message); \($0.hint)", severity: "error", at: $0.place, of: reader)
      }
    }
  }

  private func value(
    _ message: String, severity: String, at place: ManifestPlace, of reader: ManifestReader
  ) -> YAMLValue {
    let words = [place.part, message].compactMap(\.self).joined(separator: " ")
    let text = String(String.UnicodeScalarView(words.unicodeScalars.map { $0.value < 32 ? " " : $0 }))
    var pairs: [YAMLValue.Pair] = [
      .init("message", text),
      .init("severity", severity),
    ]
    guard let object = reader.objects.first(where: { $0.title == place.object }) else {
      return .mapping(pairs)
    }
    let reference: [YAMLValue.Pair] = [.init("apiVersion", object.apiVersion), .init("kind", object.kind)]
    pairs.append(
      .init("resourceRef", .mapping(reference + .naming(object.name, in: object.namespace))))
    let annotations = object.root["metadata"]?["annotations"]
    let path = ["internal.config.kubernetes.io/path", "config.kubernetes.io/path"].lazy
      .compactMap { annotations?[$0]?.string }.first
    if let path {
      pairs.append(.init("file", .mapping(["path": .string(path)])))
    }
    return .mapping(pairs)
  }

  private func adding(_ results: [YAMLValue], to text: String, file: String) throws(ManifestRefusal) -> String
  {
    let reader = ManifestReader(text, file: file)
    guard !results.isEmpty, let root = reader.documents.first?.root, let last = root.entries?.last else {
      return text
    }
    let style = YAMLStyle(like: root)
    let edit: TreeEdit =
      if let existing = root.entry("results") {
        existing.value.items?.isEmpty == false
          ? .append(results[0], to: existing.value, style)
          : .fill(existing, items: results, of: root, style)
      } else {
        .insert(.init("results", .sequence(results)), after: last, of: root, style)
      }
    var edits = [edit]
    if case .append(_, let list, _) = edit {
      edits += results.dropFirst().map { .append($0, to: list, style) }
    }
    do throws(LayoutFault) {
      var textEdits: [TextEdit] = []
      for edit in edits { textEdits.append(try edit.textEdit(in: reader.source)) }
      let result = reader.source.applying(textEdits)
      let found = ManifestReader(result, file: file).documents.first.map { YAMLValue($0.root) }
      guard found == ExpectedDocument(edits).value(of: root) else {
        throw LayoutFault(offset: last.key.range.lowerBound, message: "has no field for results")
      }
      return result
    } catch {
      let place = ManifestPlace(file: file, line: reader.source.line(at: error.offset))
      throw ManifestRefusal(faults: [
        ManifestFault(place: place, message: error.message, hint: "write the ResourceList in block style")
      ])
    }
  }
}
