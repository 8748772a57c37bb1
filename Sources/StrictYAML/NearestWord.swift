import Text

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
      let edits = word.lowercased().edits(to: known.lowercased())
      return edits <= allowed ? (edits, known) : nil
    }.min { $0 < $1 }?.word
  }

  /// A hint that names the nearest word, or all known words.
  package static func hint(for word: String, among known: [String]) -> String {
    of(word, among: known).map { "did you mean '\($0)'?" } ?? "known here: \(known.joined(separator: ", "))"
  }
}
