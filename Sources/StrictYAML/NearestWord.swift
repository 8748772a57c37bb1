/// Finds the valid word nearest to a misspelled one.
package enum NearestWord {
  /// - Returns: The known word with the fewest edits to `word`, if these are at most a third of the longer
  ///   word's length; nil otherwise.
  package static func of(_ word: String, among known: some Sequence<String>) -> String? {
    let length = word.count
    return known.compactMap { known -> (edits: Int, word: String)? in
      let allowed = max(length, known.count) / 3
      // The difference in length is a lower bound for the number of edits.
      guard abs(length - known.count) <= allowed else { return nil }
      let edits = edits(word.lowercased(), known.lowercased())
      return edits <= allowed ? (edits, known) : nil
    }.min { $0 < $1 }?.word
  }

  /// A hint that names the nearest word, or all known words.
  package static func hint(for word: String, among known: [String]) -> String {
    of(word, among: known).map { "did you mean '\($0)'?" } ?? "known here: \(known.joined(separator: ", "))"
  }

  /// The number of insertions, deletions, replacements and swaps of adjacent characters between two words
  /// (optimal string alignment distance).
  static func edits(_ left: String, _ right: String) -> Int {
    let (a, b) = (Array(left), Array(right))
    guard !a.isEmpty, !b.isEmpty else { return max(a.count, b.count) }
    var rows = [[Int]](repeating: [Int](repeating: 0, count: b.count + 1), count: a.count + 1)
    for i in 0...a.count { rows[i][0] = i }
    for j in 0...b.count { rows[0][j] = j }
    for i in 1...a.count {
      for j in 1...b.count {
        let replacement = rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)
        rows[i][j] = min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, replacement)
        if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
          rows[i][j] = min(rows[i][j], rows[i - 2][j - 2] + 1)
        }
      }
    }
    return rows[a.count][b.count]
  }
}
