/// Checks that each name has one identity: two identities of the same name would hold both sets of grants.
struct ClaimedNames {
  private var lines: [String: Int] = [:]

  var all: Set<String> { Set(lines.keys) }

  /// - Returns: The line that already uses the name; nil if it was free. It is taken then.
  mutating func claim(_ name: String, line: Int) -> Int? {
    if let taken = lines[name] { return taken }
    lines[name] = line
    return nil
  }
}
