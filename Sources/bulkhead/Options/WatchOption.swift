import Arguments
import Reconciliation
import Segmentation

/// How long refused requests are counted after a step that may lock out a client.
struct WatchOption: ParsableArguments {
  /// kube-apiserver compacts, and kube-controllers looks for leaked addresses, every 5 minutes.
  static let removal = 330
  static let switching = 60

  @Option(
    help: ArgumentHelp(
      """
      For how many seconds the requests that members refuse are counted after authentication is turned on (default 60), \
      and before and after a shared user is deleted or kube-apiserver loses the role root (default 330). 0 counts none.
      """, valueName: "seconds"))
  var watch: Int?

  func validate() throws {
    guard watch.map((0...3600).contains) ?? true else {
      throw ValidationError("--watch takes 0 to 3600 seconds")
    }
  }

  func request(_ standard: Int, _ file: SegmentationFile) -> WatchRequest {
    WatchRequest(for: .seconds(watch ?? standard), known: file.knownRefusals)
  }
}
