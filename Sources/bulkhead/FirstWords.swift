/// What `bulkhead` alone prints on a terminal: where to begin. `--help` lists all verbs.
enum FirstWords {
  /// - Parameter file: the segmentation file; nil if it does not exist.
  static func text(file: String?) -> String {
    let steps: [(command: String, meaning: String)] =
      if let file {
        [
          ("bulkhead lint", "check \(file)"),
          ("bulkhead show", "who may read and write where, by the file"),
          ("bulkhead preflight", "what speaks against turning authentication on; changes nothing"),
          ("bulkhead plan", "what would change in etcd; changes nothing"),
          ("bulkhead verify", "ask each member, with each certificate, what it allows"),
        ]
      } else {
        [
          ("bulkhead demo", "all steps on temporary servers on this machine, in half a minute"),
          ("bulkhead init", "write bulkhead.yaml for your cluster: finds out what it can, asks the rest"),
          ("bulkhead show", "then: who would be allowed to read and write where"),
        ]
      }
    let width = steps.map(\.command.count).max() ?? 0
    let lines = steps.map { step in
      "  \(step.command)\(String(repeating: " ", count: width - step.command.count))  \(step.meaning)"
    }
    return """
      Bulkhead gives each program that shares the etcd of Kubernetes and Calico a certificate, an etcd user and only
      the keys that it needs, and proves on the live cluster that etcd enforces it.

      \(file == nil ? "To begin:" : "\(file ?? "") is here. What to do with it:")
      \(lines.joined(separator: "\n"))

      Only apply, and other verbs that say so, change etcd. All verbs: bulkhead --help
      """
  }
}
