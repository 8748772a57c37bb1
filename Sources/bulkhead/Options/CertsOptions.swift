import Arguments
import Certificates
import Segmentation

/// When a certificate is due for renewal.
struct DueOption: ParsableArguments {
  @Option(help: "A certificate is due after this share of its lifetime, in percent; two thirds if not given.")
  var dueAfter: Double?

  func validate() throws {
    if let dueAfter, !(1...99).contains(dueAfter) {
      throw ValidationError("--due-after takes 1 to 99 percent")
    }
  }

  var share: Double { dueAfter.map { $0 / 100 } ?? Renewal.usualShare }
}
