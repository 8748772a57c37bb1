import ArgumentParser
import Foundation
import Glibc
import Manifests

/// The manifest verb as a function that kustomize, kpt and others run: everything it has to say goes into the
/// ResourceList; what it refuses goes to standard error as well, and the exit code is 1.
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
