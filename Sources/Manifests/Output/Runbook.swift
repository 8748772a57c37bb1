/// The steps that roll out a specific segmented manifest: what to run, what to check afterwards, and how to
/// go back. Nothing is removed while anything still needs it.
struct Runbook {
  /// The original.
  let manifest: Manifest
  /// What all passes found in it.
  let findings: Findings
  /// The path of the manifest as the commands name it.
  let path: String

  struct Step {
    let title: String
    let run: [String]
    let check: [String]
    let back: [String]
  }

  var text: String {
    var lines = [
      "# Rolling out \(path)", "",
      "Each step adds something; only the last steps remove what the components used before. Until then, going",
      "back needs no credential that was deleted. What the stages do: Documentation/apply.md.",
    ]
    for (index, step) in steps.enumerated() {
      lines += ["", "## \(index + 1). \(step.title)", ""]
      lines += step.run
      lines += ["", "Check:"] + step.check.map { "  " + $0 } + ["Back:"] + step.back.map { "  " + $0 }
    }
    return lines.map { $0 + "\n" }.joined()
  }

  private var steps: [Step] {
    [access, enforcement, credentials] + hosts + [workloads] + recreated
      + [installed, proof, cleaning, removal].compactMap(\.self)
  }

  /// A Secret that the components shared, and an object that used it; nil if each component has its own
  /// Secret already, from an earlier run.
  var sharedSecret: (secret: String, by: KubernetesObject)? {
    findings.abandoned.filter { old in !manifest.secrets.contains { $0.hasBorne(old.secret) } }
      .min { $0.secret < $1.secret }
  }

  /// The option with the placeholder OLD-USER, if there is a shared Secret.
  var shared: String { sharedSecret == nil ? "" : " --shared OLD-USER" }

  func namespace(of object: KubernetesObject) -> String { object.namespace.map { " -n \($0)" } ?? "" }
}

extension SegmentedManifest {
  /// The commands that roll this manifest out, in order, each with a check and the way back.
  ///
  /// - Parameter path: The path of the original as the commands should name it.
  package func runbook(of path: String) -> String {
    Runbook(manifest: manifest, findings: findings, path: path).text
  }
}
