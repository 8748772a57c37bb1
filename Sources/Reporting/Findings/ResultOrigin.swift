import FoundationEssentials

/// When a result came about and for which file, so that a report can tell whether it still says something.
package struct ResultOrigin: Hashable, Sendable {
  package let at: Date
  /// SHA-256 of the text of the segmentation file, in hexadecimal.
  package let fileSHA256: String

  package init(at: Date, fileSHA256: String) {
    self.at = at
    self.fileSHA256 = fileSHA256
  }
}
