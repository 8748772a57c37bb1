import Text

/// The steps that roll out a specific segmented manifest: what to run, what to check afterwards, and how to
/// go back. Nothing is removed while anything still needs it.
struct Runbook {
  /// The original.
  let manifest: Manifest
  /// What all passes found in it.
  let findings: Findings
  /// The path of the manifest as the commands name it.
  let path: String
  /// The segmentation's file.
  let file: String

  struct Step {
    let title: String
    let run: [String]
    let check: [String]
    let back: [String]
  }

  var text: String {
    var lines = [
      "# Rolling out \(TerminalText.safe(path))", "",
      "Each step adds something; only the last steps remove what the components used before. Until then, going",
      "back needs no credential that was deleted. What the stages do: Documentation/apply.md.",
    ]
    for (index, step) in steps.enumerated() {
      lines += ["", "## \(index + 1). \(TerminalText.safe(step.title))", ""]
      lines += step.run
      lines += ["", "Check:"] + step.check.map { "  " + $0 } + ["Back:"] + step.back.map { "  " + $0 }
    }
    return lines.map { TerminalText.safe($0) + "\n" }.joined()
  }

  private var steps: [Step] {
    let last = [installed, proof, cleaning, removal, leftovers].compactMap(\.self)
    return [access, enforcement, credentials] + hosts + copies + [workloads] + recreated + last
  }

  /// A Secret that the components shared, and an object that used it; nil if each component has its own
  /// Secret already, from an earlier run.
  var sharedSecret: (secret: String, by: KubernetesObject)? {
    findings.abandoned.filter { old in !manifest.secrets.contains { $0.hasBorne(old.secret) } }
      .min { $0.secret < $1.secret }
  }

  /// The option that names the segmentation's file, with a space before it, where that is not the usual one.
  var fileOption: String {
    switch file {
    case "bulkhead.yaml": ""
    case "-": " --file BULKHEAD.yaml"
    default: " --file \(Self.word(file))"
    }
  }

  /// The option with the placeholder OLD-USER, if there is a shared Secret.
  var shared: String { sharedSecret == nil ? "" : " --shared OLD-USER" }

  /// The option for the namespace of an object, with a space before it.
  func namespace(of object: KubernetesObject) -> String { Self.option(namespace: object.namespace) }

  static func option(namespace: String?) -> String { namespace.map { " -n \(word($0))" } ?? "" }

  /// A text from the manifest as one word of a command line. A zero byte, which no shell can pass on, is left out:
  /// the API server accepts none.
  static func word(_ text: String) -> String { ShellWord.bash(Array(text.utf8).filter { $0 != 0 }) }

  /// An object as kubectl takes it.
  static func target(_ object: KubernetesObject) -> String {
    word("\(object.kind.lowercased())/\(object.name)")
  }
}

extension SegmentedManifest {
  /// The commands that roll this manifest out, in order, each with a check and the way back.
  ///
  /// - Parameters:
  ///   - path: The path of the original as the commands should name it.
  ///   - file: The path of the segmentation's file.
  package func runbook(of path: String, file: String = "bulkhead.yaml") -> String {
    Runbook(manifest: manifest, findings: findings, path: path, file: file).text
  }
}
