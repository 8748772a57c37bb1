/// One name, one identity: whoever is named twice would hold two sets of grants.
struct ClaimedNames {
  private var lines: [String: Int] = [:]

  /// - Returns: The line on which the name stands already; nil if it was free and now is taken.
  mutating func claim(_ name: String, line: Int) -> Int? {
    if let taken = lines[name] { return taken }
    lines[name] = line
    return nil
  }
}
