/// Checks the finished text independently: parses it again and compares it with what it must mean.
struct SelfCheck {
  let manifest: Manifest
  /// What all passes found.
  let edited: Findings
  let secrets: SecretDocuments

  /// What is wrong with the text; empty if it is correct.
  func faults(in text: String) -> [String] {
    let reader = ManifestReader(text, file: manifest.reader.file)
    guard reader.faults.isEmpty else { return reader.faults.map { "the result cannot be read: \($0)" } }
    var options = manifest.options
    options.placement = .none
    let result = Manifest(reader, options: options)
    return comparison(reader) + resolution(result) + repetition(result)
  }

  /// Every document equals the original one with its edits applied; no document is missing or added.
  private func comparison(_ reader: ManifestReader) -> [String] {
    let dropped = Set(secrets.dropped.filter { $0.list == nil }.map(\.document))
    let new =
      edited.configMaps.filter { $0.list == nil }.map(\.value)
      + (manifest.options.placement == .inline ? secrets.new.filter { $0.list == nil }.map(\.value) : [])
    var expected: [YAMLValue] = []
    for (index, document) in manifest.reader.documents.enumerated() {
      if index == secrets.position { expected += new }
      if dropped.contains(index) { continue }
      let edits =
        edited.edits.filter { $0.document == index }.map(\.edit)
        + secrets.listEdits.filter { $0.document == index }.map(\.edit)
      expected.append(ExpectedDocument(edits).value(of: document.root))
    }
    if secrets.position >= manifest.reader.documents.count { expected += new }
    let found = reader.documents.map { YAMLValue($0.root) }
    if expected.count != found.count {
      return ["the result has \(found.count) documents and not \(expected.count)"]
    }
    return zip(expected, reader.documents).compactMap { expected, document in
      guard expected != YAMLValue(document.root) else { return nil }
      let line = reader.source.line(at: document.range.lowerBound)
      return "the document in line \(line) of the result is not as expected"
    }
  }

  /// Each mount at `/calico-secrets` uses the Secret of its own component.
  private func resolution(_ result: Manifest) -> [String] {
    var faults: [String] = []
    for pod in result.pods {
      for container in pod.containers {
        for mount in container.mounts where result.isCredentialMount(mount, of: container) {
          let component =
            manifest.options.components[container.name] ?? ComponentSignature.named(container.name)?.component
          let own = component.flatMap(manifest.secret(of:))
          let volume = pod.volumes.first { $0.name == mount.volumeName }
          let isOwn = volume?.secret.map { own?.isNamed($0) == true } ?? false
          let isDelivered =
            volume.map { result.isDelivered(by: $0, to: component ?? "", in: pod) } ?? false
          if own == nil || !(isOwn || isDelivered) {
            faults.append(
              "\(pod.object.title), \(container.part) would not have its own Secret in the result")
          }
        }
      }
    }
    return faults
  }

  /// A second run would change nothing.
  private func repetition(_ result: Manifest) -> [String] {
    let again = ManifestEditor.findings(in: result)
    return again.faults.map { "the result would be refused: \($0)" }
      + again.edits.map { "the result would be changed again: \($0.place) \($0.what)" }
  }
}
