import Arguments
import Files
import FoundationEssentials
import Reconciliation

/// What the user states about a certificate that many programs share.
struct SharedOptions: ParsableArguments {
  @Option(help: "The Common Name of a certificate that several programs shared before; may be repeated.")
  var shared: [String] = []

  @Option(
    help:
      "A file with the output of 'kubectl get pods --all-namespaces --output json'; '-' reads standard input."
  )
  var pods: String?

  @Option(help: "The Secret with the shared certificate.")
  var secret = "calico-etcd-secrets"

  /// The pods that use the Secret; nil if no list of pods was given.
  func podUses() throws -> PodsWithSecret? {
    guard let pods else { return nil }
    let list = try FileContents.read(StandardInput.path(pods, as: "--pods"), limit: 1 << 30)
    return try PodsWithSecret(ofSecret: secret, in: list)
  }
}
