import Arguments
import FoundationEssentials
import Glibc
import Manifests
import Terminal

/// The `manifest` verb as a function that kustomize, kpt and others run: all messages go into the
/// ResourceList; refusals also go to standard error, with exit code 1.
struct ResourceListForm {
  let segmenter: ManifestSegmenter

  func run(_ text: String) throws {
    let outcome = try ResourceListFunction(segmenter: segmenter).run(text, file: "standard input")
    if case .success(let segmented) = outcome.result, segmented.holdsCredentials {
      try PrivateOutput.prepare()
    }
    Console.write(outcome.text, to: STDOUT_FILENO)
    _ = try outcome.result.get()
  }
}
