extension String {
  /// How many letters have to be put in, taken out or replaced to make the one the other (Levenshtein).
  func editDistance(to other: String) -> Int {
    let other = Array(other)
    var row = Array(0...other.count)
    for (line, letter) in self.enumerated() {
      var diagonal = row[0]
      row[0] = line + 1
      for column in other.indices {
        let substitution = diagonal + (letter == other[column] ? 0 : 1)
        diagonal = row[column + 1]
        row[column + 1] = Swift.min(substitution, row[column] + 1, diagonal + 1)
      }
    }
    return row[other.count]
  }
}
