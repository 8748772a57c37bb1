import Foundation
import Segmentation
import Testing

@testable import Reporting

/// The form of the page: what a browser and its reader rely on.
@Suite struct PageTests {
  private static let hostile = """
    components: [calico-node]
    custom:
      - user: '<script>alert("1")</script>'
        grants: [{prefix: "/a\\"><img src=x onerror=alert(1)>/", access: readwrite}]
      - user: "'; --|`*_[x](javascript:1)"
        grants: [{key: "/\\\\x00\\\\xff<b>", access: read}]
    rules:
      - {name: '<i>', only: [calico-node], access: write, prefix: '/<u>/', why: '</script><script>x'}
    accept:
      - {id: BH020, why: '"><svg onload=x>', until: 2030-01-01}
    """

  @Test("names become text in the page and in Markdown, never markup")
  func hostileNames() throws {
    let report = try report(Self.hostile, name: "'</title><script>x</script>'")
    let page = report.html
    for markup in ["<script>alert", "<img", "<b>", "<i>", "<u>", "<svg onload", "</title><script>"] {
      #expect(!page.contains(markup), "\(markup)")
    }
    #expect(page.components(separatedBy: "<script>").count == 2, "its own script only")
    #expect(page.components(separatedBy: "</script>").count == 2)
    #expect(page.contains("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;"))
    for markup in ["<script", "<img", "[x]("] {
      #expect(!report.markdown.contains(markup), "\(markup)")
    }
  }

  @Test("printed, the table is as wide as the page, however many columns it has")
  func printedTable() throws {
    let page = try report(small).html
    let print = try #require(page.firstRange(of: "@media print{\n@page"))
    #expect(page[print.upperBound...].prefix(1500).contains(".matrix{table-layout:fixed;width:100%"))
  }

  @Test("the page loads nothing, and its policy permits only its own style and script")
  func loadsNothing() throws {
    let page = try report(small).html
    // Names of XML, which no browser fetches.
    let text = page.replacingOccurrences(of: "xmlns=\"http://www.w3.org/2000/svg\"", with: "")
    for word in ["http://", "https://", " src=", "@import", "url(", "<link rel=\"style", " style="] {
      #expect(!text.contains(word), "\(word)")
    }
    #expect(page.contains("default-src &#39;none&#39;"))
    let links = try attributes("href", in: page)
    #expect(links.allSatisfy { $0.hasPrefix("#") || $0 == "data:," }, "\(links)")
    let ids = Set(try attributes("id", in: page))
    for link in links where link.hasPrefix("#") { #expect(ids.contains(String(link.dropFirst())), "\(link)") }
  }

  @Test("one h1, headings without gaps, ids once, a language, a skip link", arguments: [small, nodes(3)])
  func structure(_ lines: String) throws {
    let page = try report(lines).html
    let levels = try matches("<h([1-6])", in: page).compactMap { Int($0) }
    #expect(levels.first == 1 && levels.count { $0 == 1 } == 1)
    for (before, after) in zip(levels, levels.dropFirst()) { #expect(after <= before + 1) }
    let ids = try attributes("id", in: page)
    #expect(ids.count == Set(ids).count, "\(ids)")
    #expect(page.contains("<html lang=\"en\">") && page.contains("class=\"skip\" href=\"#content\""))
    for name in try attributes("aria-labelledby", in: page).flatMap({ $0.split(separator: " ") }) {
      #expect(ids.contains(String(name)), "\(name)")
    }
  }

  @Test("each header of a table says for what, each drawing has a text")
  func names() throws {
    let page = try report(nodes(3)).html
    #expect(try matches("<th([ >][^>]*)", in: page).allSatisfy { $0.contains("scope=") })
    #expect(try matches("<table[^>]*>(<caption)?", in: page).allSatisfy { $0 == "<caption" })
    for drawing in try matches("<svg([^>]*)>", in: page) {
      #expect(
        drawing.contains("role=\"img\"") && drawing.contains("aria-label")
          || drawing.contains("aria-hidden=\"true\""),
        "\(drawing)")
    }
    // Every opened element is closed.
    for element in ["section", "div", "table", "tbody", "tr", "td", "details", "ul", "li", "svg", "g", "p"] {
      let opened = try matches("<(\(element))[ >]", in: page).count
      let closed = try matches("</(\(element))>", in: page).count
      #expect(opened == closed, "\(element): \(opened), \(closed)")
    }
  }

  @Test("text reaches a contrast of 4.5 on each ground that it is on")
  func contrast() throws {
    for palette in [Palette.light, .dark] {
      for (text, ground) in palette.textPairs {
        let ratio = try contrast(text, ground)
        #expect(ratio >= 4.5, "\(text) on \(ground): \(ratio)")
      }
      // The border of what can be pressed.
      #expect(try contrast(palette.muted, palette.ground) >= 3)
    }
  }

  /// WCAG 2.2, "contrast ratio" and "relative luminance".
  private func contrast(_ one: String, _ other: String) throws -> Double {
    func luminance(_ colour: String) throws -> Double {
      let value = try #require(Int(colour.dropFirst(), radix: 16))
      func part(_ shift: Int) -> Double {
        let share = Double(value >> shift & 255) / 255
        return share <= 0.04045 ? share / 12.92 : pow((share + 0.055) / 1.055, 2.4)
      }
      let red: Double = 0.2126 * part(16)
      let green: Double = 0.7152 * part(8)
      return red + green + 0.0722 * part(0)
    }
    let both = try [luminance(one), luminance(other)].sorted()
    return (both[1] + 0.05) / (both[0] + 0.05)
  }

  private func attributes(_ name: String, in page: String) throws -> [String] {
    try matches(" \(name)=\"([^\"]*)\"", in: page)
  }

  private func matches(_ pattern: String, in text: String) throws -> [String] {
    let expression = try NSRegularExpression(pattern: pattern)
    return expression.matches(in: text, range: NSRange(text.startIndex..., in: text)).map { match in
      Range(match.range(at: 1), in: text).map { String(text[$0]) } ?? ""
    }
  }
}
