import Keyspace
import Segmentation
import Text

/// The answer to `can`, with its reason.
package struct AccessReport: TextReport, Sendable {
  struct Line: Encodable, Sendable {
    let role: String
    let access: String
    let range: String
    let why: String
  }

  let identity: String
  let access: String
  let range: String
  package let isAllowed: Bool
  let isRoot: Bool
  /// The lines that together allow the access, or the nearest line that does not.
  let lines: [Line]
  /// What is missing: the first requested key that is not covered, what the key is, and how the nearest line
  /// differs.
  let missing: String?
  let firstKey: String?
  let names: [String]

  package init(_ answer: AccessAnswer) {
    identity = answer.identity.user
    access = answer.access.description
    range = answer.range.description
    isAllowed = answer.isAllowed
    switch answer.verdict {
    case .root:
      (isRoot, lines, missing, firstKey, names) = (true, [], nil, nil, [])
    case .granted(let granted):
      (isRoot, lines, missing, firstKey, names) = (false, granted.map(Line.init), nil, nil, [])
    case .refused(let miss):
      isRoot = false
      lines = miss.nearest.map { [Line($0)] } ?? []
      missing = miss.by
      firstKey = miss.firstKey.description
      names = miss.names
    }
  }

  package func text(_ style: Style) -> String {
    let question = visible("\(identity) \(access) \(range)")
    if isRoot { return "\(style.good("yes")): \(question)\n  it has the role root, which may do everything" }
    guard !isAllowed else {
      return (["\(style.good("yes")): \(question)"] + lines.flatMap(Self.text)).joined(separator: "\n")
    }
    var text = ["\(style.bad("no")): \(question)"]
    if let firstKey {
      text.append(
        "  the first key refused is \(firstKey)\(names.isEmpty ? "" : " (\(names.joined(separator: ", ")))")")
    }
    guard let nearest = lines.first else {
      return (text + ["  it has no grants at all"]).joined(separator: "\n")
    }
    text.append(visible("  nearest is \(nearest.access) \(nearest.range), role \(nearest.role)"))
    if let missing { text.append("  \(missing)") }
    return text.joined(separator: "\n")
  }

  static func text(_ line: Line) -> [String] {
    [visible("  role \(line.role): \(line.access) \(line.range)")]
      + (line.why.isEmpty ? [] : ["    \(line.why)"])
  }
}

extension AccessReport.Line {
  init(_ line: RoleLine) {
    self.init(
      role: line.role, access: line.line.grant.access.description, range: line.line.grant.range.description,
      why: line.line.why)
  }
}

/// Every identity that may do what was asked.
package struct HoldersReport: TextReport, Sendable {
  struct Entry: Encodable, Sendable {
    let identity: String
    let isRoot: Bool
    let lines: [AccessReport.Line]
  }

  let access: String
  let range: String
  let names: [String]
  let holders: [Entry]

  package init(
    _ holders: [Holder], _ access: Access, _ range: KeyRange, _ keyNames: KeyNames = .standard
  ) {
    self.access = access.description
    self.range = range.description
    names = keyNames.names(in: range)
    self.holders = holders.map { holder in
      Entry(
        identity: holder.identity.user, isRoot: holder.identity.isRoot,
        lines: holder.lines.map(AccessReport.Line.init))
    }
  }

  package func text(_ style: Style) -> String {
    let what = "\(access) \(range)\(names.isEmpty ? "" : " (\(names.joined(separator: ", ")))")"
    guard !holders.isEmpty else { return "no identity can \(what)" }
    let rows = holders.map { holder in
      [
        Table.Cell(holder.identity, style.strong),
        Table.Cell(
          holder.isRoot
            ? "by the role root"
            : holder.lines.map { "by \($0.access) \($0.range), role \($0.role)" }.joined(separator: "; ")),
      ]
    }
    return (["\(count(holders.count, "identity", "identities")) can \(what)"] + Table(rows).lines).joined(
      separator: "\n")
  }
}
