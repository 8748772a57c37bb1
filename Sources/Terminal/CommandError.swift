import Errors
import Printing

/// An error as the user sees it: one sentence, and hints what to do.
package struct CommandError: Error {
  package let message: String
  package let hint: String?

  package init(_ message: String, hint: String? = nil) {
    self.message = message
    self.hint = hint
  }

  package init(_ error: any Error) {
    switch error {
    case let error as CommandError: self = error
    case let error as any ExplainedError: self.init("\(error)", hint: error.hint)
    default: self.init("\(error)")
    }
  }

  package func text(_ style: Style) -> String {
    ["\(style.bad("error:")) \(message)", hint.map { "\(style.caution("hint:")) \($0)" }].compactMap { $0 }
      .joined(separator: "\n")
  }
}
