import Cryptography
import FoundationEssentials
import Keyspace
import Segmentation
import Text

/// The report as one HTML file that needs nothing else: no request, no script to be read, on a screen and on paper.
struct ReportPage {
  let report: Report

  var html: String {
    let page: Markup = """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta http-equiv="Content-Security-Policy" content="\(policy)">
      <meta name="generator" content="bulkhead \(report.program)">
      <title>\(report.cluster): who may do what in etcd</title>
      <link rel="icon" href="data:,">
      <style>\(Markup(markup: PageStyle.text))</style>
      </head>
      <body>
      <a class="skip" href="#content">Skip to the content</a>
      \(header)
      <main id="content">
      \(sections)</main>
      <footer><div class="wide"><p>Made by bulkhead \(report.program) at \(report.at.minute) from <code>\(report.file)</code> \
      (SHA-256 <code>\(report.fileSHA256)</code>). This page loads nothing from anywhere.</p></div></footer>
      <script>\(Markup(markup: PageScript.text))</script>
      </body>
      </html>
      """
    return page.text
  }

  /// Only this style sheet and this script run, whatever a name in the report contains.
  private var policy: String {
    func hash(_ text: String) -> String {
      "'sha256-\(Data(SHA256.hash(Array(text.utf8))).base64EncodedString())'"
    }
    return
      "default-src 'none'; style-src \(hash(PageStyle.text)); script-src \(hash(PageScript.text)); img-src data:; "
      + "base-uri 'none'; form-action 'none'"
  }

  private var sections: [Markup] {
    [
      changes, leaks, map, matrix, sharing, findings, proof, nodes, certificates, grants, notAsked,
    ]
  }

  func section(_ id: String, _ title: String, _ body: Markup) -> Markup {
    """
    <section class="wide" id="\(id)" aria-labelledby="\(id)-title"><h2 id="\(id)-title">\(title)</h2>
    \(body)</section>

    """
  }

  // MARK: - Header

  private var header: Markup {
    let limited = report.matrix.columns.filter { !$0.isRoot }
    let users = limited.reduce(0) { $0 + $1.users.count }
    let entries: [(id: String, title: String)] = [
      ("leaks", "Leaked certificates"), ("map", "Map"), ("matrix", "Table"), ("sharing", "What is shared"),
      ("findings", "Findings"), ("proof", "Proof"), ("nodes", "Nodes"), ("certificates", "Certificates"),
      ("grants", "Grants"), ("not-asked", "Not asked"),
    ]
    let links = entries.map { Markup("<li><a href=\"#\($0.id)\">\($0.title)</a></li>") }
    let facts: [(name: String, number: Int)] =
      [
        ("kinds of identities", limited.count), ("users of these kinds", users),
        ("kinds of keys", report.matrix.rows.count), ("findings that count", openFindings.count),
      ] + (report.nodes.names.isEmpty ? [] : [("nodes", report.nodes.names.count)])
      + (report.keys.map { [("keys in etcd", $0.total)] } ?? [])
    let numbers = facts.map { Markup("<div><dt>\($0.name)</dt><dd>\($0.number)</dd></div>") }
    return """
      <header><div class="wide">
      <p class="muted">Segmentation of etcd</p>
      <h1>\(report.cluster)</h1>
      <p class="muted">Calico \(report.calico.joined(separator: ", ")), \(report.tables) tables, \(report.at.minute)</p>
      \(verdict)
      <dl class="facts">\(numbers)</dl>
      <nav aria-label="Contents"><ul>\(links)</ul></nav>
      </div></header>
      """
  }

  private var openFindings: [CheckFinding] {
    report.checks.flatMap(\.findings).filter { !$0.isAccepted && $0.severity > .info }
  }

  private var verdict: Markup {
    guard let proof = report.proof else {
      return banner(
        "caution", "Not asked: whether etcd enforces this.",
        "This page shows what the file gives. 'bulkhead verify' asks the cluster.")
    }
    let when = "asked \(proof.asked) at \(proof.at.minute)"
    guard proof.isOfThisFile else {
      return banner("caution", "The proof is of another version of the file.", "It was \(when).")
    }
    let limits = proof.limits.isEmpty ? "" : ", limited by \(proof.limits.joined(separator: " "))"
    let accepted = report.checks.filter { $0.check == "verify" }.flatMap(\.findings).filter {
      $0.isAccepted && $0.severity == .error
    }
    guard proof.isInForce else {
      return banner(
        "bad", "Not in force, or not known to be.",
        "\(proof.score), \(when)\(limits): see the findings.")
    }
    if let doubts = proof.doubts {
      return banner(
        "caution", "In force when it was asked, but \(doubts.joined(separator: ", and ")).",
        "\(proof.score), \(when)\(limits). Run 'bulkhead verify' again.")
    }
    return banner(
      accepted.isEmpty ? "good" : "caution",
      accepted.isEmpty
        ? "In force, as far as was asked." : "In force, as far as was asked and but for what was accepted.",
      "\(proof.score), \(when)\(limits).")
  }

  func banner(_ kind: String, _ title: String, _ more: String) -> Markup {
    let shapes: [String: Markup] = [
      "good": "<path d=\"M5 12.5l4.5 4.5L19 7.5\"/>",
      "caution": "<path d=\"M12 4v10M12 18.5v.5\"/>",
      "bad": "<path d=\"M6 6l12 12M18 6L6 18\"/>",
    ]
    return """
      <div class="verdict \(kind)"><svg viewBox="0 0 24 24" aria-hidden="true" fill="none" stroke="currentColor" \
      stroke-width="2.6" stroke-linecap="round">\(shapes[kind] ?? .empty)</svg>
      <div><p><strong>\(title)</strong></p><p class="more">\(more)</p></div></div>
      """
  }

  // MARK: - Leaks

  private var leaks: Markup {
    let matrix = report.matrix
    let total = matrix.rows.count
    let everything = matrix.rows.map { _ in AccessMatrix.Cell(read: .all, write: .all) }
    let cards = matrix.columns.indices.map { index -> Markup in
      let column = matrix.columns[index]
      let cells = matrix.cells(ofColumn: index)
      let writes = cells.filter { $0.cell.write != .none }
      let reads = cells.filter { $0.cell.read != .none && $0.cell.write == .none }
      if column.isRoot {
        return card(
          column, LeakMap.svg(matrix.rows, everything, label: "\(column.name): every key"),
          "<p><strong class=\"bad\">Everything</strong>: it holds etcd's role root, and may change users and roles.</p>"
        )
      }
      let text: Markup = """
        \(list("Changes \(writes.count) of \(total) kinds of keys", writes, \.write))
        \(list("Only reads \(reads.count)", reads, \.read))
        """
      return card(
        column,
        LeakMap.svg(
          matrix.rows, cells.map(\.cell),
          label:
            "\(column.name) changes \(writes.count) and only reads \(reads.count) of \(total) kinds of keys"),
        text)
    }
    let legend: Markup = """
      <ul class="legend" aria-label="Marks in the drawings">
      <li>\(LeakMap.sample(.init(read: .all, write: .all)))filled: can change</li>
      <li>\(LeakMap.sample(.init(read: .all, write: .none)))outlined: can only read</li>
      <li>\(LeakMap.sample(.init(read: .some, write: .some)))round: a part of these keys</li>
      <li>\(LeakMap.sample(.init(read: .none, write: .none)))faint: no access</li></ul>
      """
    return section(
      "leaks", "What a leaked certificate opens",
      """
      <p class="lead">Each square is a kind of keys. Before, all programs shared one certificate, and etcd asked no one who \
      they were. Afterwards a thief has what the one identity has.</p>
      \(legend)
      <div class="cards">
      <div class="card before"><h3>Before: the one shared certificate</h3>
      \(LeakMap.svg(matrix.rows, everything, label: "The shared certificate changes every key"))
      <p><strong class="bad">Everything</strong>: it reads and writes every key of etcd, those of Kubernetes included, until \
      authentication is on and each program has its own certificate.</p></div>
      \(cards)</div>

      """)
  }

  func card(_ column: AccessMatrix.Column, _ drawing: Markup, _ text: Markup) -> Markup {
    let places =
      column.nodes > 0 ? ", \(column.nodes) \(column.nodes == 1 ? "node" : "nodes")" : ""
    let users = column.users.count == 1 ? "1 user" : "\(column.users.count) users"
    let names: Markup =
      column.users.count > 1 || column.users.first != column.name
      ? """
      <details><summary>\(users)\(places)</summary>\(nameList(column.users))</details>
      """ : "<p class=\"muted\">\(users)\(places)</p>"
    return """
      <div class="card"><h3><span class="letter" aria-hidden="true">\(column.letter)</span> \(column.name)</h3>
      <p class="muted">\(column.what)</p>
      \(drawing)\(text)\(names)</div>

      """
  }

  func list(
    _ title: String, _ cells: [(row: AccessMatrix.Row, cell: AccessMatrix.Cell)],
    _ extent: KeyPath<AccessMatrix.Cell, AccessMatrix.Extent>
  ) -> Markup {
    guard !cells.isEmpty else { return "<p class=\"count\">\(title)</p>" }
    let names = cells.map { row, cell -> String in
      switch cell[keyPath: extent] {
      case .own: "\(row.name) of its own node"
      case .some: "\(row.name) (a part)"
      case .all, .none: row.name
      }
    }
    return """
      <details><summary><span class="count">\(title)</span></summary><p>\(names.joined(separator: ", "))</p></details>
      """
  }

  private static let mostNames = 400

  func nameList(_ names: [String]) -> Markup {
    let items = names.prefix(Self.mostNames).map { Markup("<li>\($0)</li>") }
    let rest = names.count - items.count
    return """
      <ul class="names">\(items)</ul>\(rest > 0 ? "<p class=\"muted\">and \(rest) more: see the report as JSON</p>" : .empty)
      """
  }

  // MARK: - Map and table

  private var map: Markup {
    let columns = report.matrix.columns.filter { !$0.isRoot }
    let legend = columns.map { Markup("<li><span class=\"letter\">\($0.letter)</span> \($0.name)</li>") }
    let options = columns.map { Markup("<option value=\"\($0.letter)\">\($0.letter) \($0.name)</option>") }
    let administrators = report.matrix.columns.filter(\.isRoot).map(\.name).joined(separator: ", ")
    return section(
      "map", "The key space",
      """
      <p>A letter on a filled ground may change the keys, an outlined one may only read them. Square: all of them; rounded: \
      a part, such as those of its own node. Not drawn, because they reach everything: \(administrators).</p>
      <ul class="legend" aria-label="Letters">\(legend)</ul>
      <div class="controls" hidden><button type="button" data-zoom="in" aria-label="Zoom in">+</button>\
      <button type="button" data-zoom="out" aria-label="Zoom out">−</button>\
      <button type="button" data-zoom="all">Whole map</button>
      <label for="focus">Show only</label> <select id="focus"><option value="">all</option>\(options)</select></div>
      <div class="map" role="region" tabindex="0" aria-label="Map of the key space">
      \(KeySpaceMap(report.matrix, counts: report.keys?.byRow).svg())</div>

      """)
  }

  private var matrix: Markup {
    let unreached: Markup =
      report.matrix.unreached.isEmpty
      ? .empty
      : "<p class=\"muted\">Only administrators reach: \(report.matrix.unreached.joined(separator: ", ")).</p>"
    return section(
      "matrix", "Components and resources",
      """
      <p>R reads and watches, W writes and deletes; capitals: all of these keys, small letters: a part.</p>
      \(report.matrix.html)\(unreached)
      """)
  }

  // MARK: - Sharing

  private var sharing: Markup {
    let rows = report.shared.groupedInOrder(by: \.writers).map { same, entries -> [Markup] in
      let writers = same.map { writer -> Markup in
        let why = writer.why.joined(separator: "; ")
        return "<li><strong>\(writer.column)</strong>\(why.isEmpty ? "" : ": \(why)")</li>"
      }
      return ["\(entries.map(\.keys).joined(separator: ", "))", "<ul class=\"plain\">\(writers)</ul>"]
    }
    let between: Markup =
      rows.isEmpty
      ? "<p>No kind of keys is written by more than one kind of identities.</p>"
      : PageTable(
        id: "shared-caption",
        caption: "Keys that several kinds of identities may change, and what each uses them for",
        head: ["Keys", "Who, and why it cannot be less"], rows: rows
      ).html
    let nodes: Markup =
      report.sharedByNodes.isEmpty
      ? .empty
      : PageTable(
        id: "shared-nodes-caption",
        caption: "Keys that each node may change although they are not its own, and why",
        head: ["Keys", "Component", "Access", "Why it cannot be less"],
        rows: report.sharedByNodes.map { line in
          ["<code>\(line.range)</code>", "\(line.column)", "\(line.access)", "\(line.why)"]
        }
      ).html
    let rules: Markup =
      report.rules.isEmpty
      ? .empty
      : PageTable(
        id: "rules-caption", caption: "Rules of the file", head: ["Rule", "Holds", "What it says", "Why"],
        rows: report.rules.map { rule in
          let state: Markup =
            rule.holds ? "<span class=\"good\">✓ yes</span>" : "<span class=\"bad\">✕ no</span>"
          let broken = rule.violations.map { Markup("<li>\($0)</li>") }
          return [
            "\(rule.name)", state,
            "\(rule.sentence)\(broken.isEmpty ? .empty : "<ul class=\"plain\">\(broken)</ul>")",
            "\(rule.why)",
          ]
        }
      ).html
    return section("sharing", "What is shared, and why", "\(rules)\(between)\(nodes)")
  }
}
