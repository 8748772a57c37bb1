extension String {
  /// The text in lines of at most `width` letters, the indent among them, where its words allow that. Line ends stay.
  func wrapped(to width: Int, indent: Int = 0) -> String {
    // On a terminal that is too narrow for the indent, lines are longer than it.
    let columns = max(width - indent, 10)
    var lines: [Substring] = []
    var rest = self[...]
    while true {
      let chunk = rest.prefix(columns)
      if let lineEnd = chunk.lastIndex(of: "\n") {
        lines += rest[..<lineEnd].split(separator: "\n", omittingEmptySubsequences: false)
        rest = rest[rest.index(after: lineEnd)...]
      } else if chunk.endIndex == rest.endIndex {
        lines.append(rest)
        break
      } else if let space = chunk.lastIndex(of: " ") ?? rest.firstIndex(of: " ") {
        lines.append(rest[..<space])
        rest = rest[rest.index(after: space)...]
      } else {
        lines.append(rest)
        break
      }
    }
    let margin = String(repeating: " ", count: indent)
    return lines.map { $0.isEmpty ? "" : margin + $0 }.joined(separator: "\n")
  }
}
