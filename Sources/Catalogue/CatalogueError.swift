import Errors

/// A fault in the catalogue's data, or in a question to it.
package struct CatalogueError: ExplainedError, Hashable, Sendable {
  /// What is wrong: one sentence, in lower case.
  package let message: String
  /// What to do about it.
  package let hint: String?
  /// The data file and its line, counted from 1, if the fault is in a data file.
  package let place: String?

  package init(_ message: String, hint: String, file: String? = nil, line: Int? = nil) {
    self.message = message
    self.hint = hint
    place = file.map { file in line.map { "\(file):\($0)" } ?? file }
  }
}

extension CatalogueError {
  package var description: String { (place.map { "\($0): " } ?? "") + message }
}
