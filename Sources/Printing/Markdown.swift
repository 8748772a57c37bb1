import Text

/// Parts of a text in GitHub's form of Markdown.
package enum Markdown {
  /// Untrusted text as code on one line; it cannot end the code or a cell of a table.
  package static func code(_ text: String) -> String {
    let text = visible(text).replacing("|", with: "\\|")
    var longest = 0
    var run = 0
    for character in text.utf8 {
      run = character == UInt8(ascii: "`") ? run + 1 : 0
      longest = max(longest, run)
    }
    let fence = String(repeating: "`", count: longest + 1)
    return longest == 0 ? "`\(text)`" : "\(fence) \(text) \(fence)"
  }

  /// - Parameter rows: Each has as many cells as the header.
  package static func table(_ header: [String], _ rows: [[String]]) -> [String] {
    ([header, header.map { _ in "---" }] + rows).map { "| \($0.joined(separator: " | ")) |" }
  }
}
