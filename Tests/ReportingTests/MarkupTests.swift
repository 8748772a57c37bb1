import Testing

@testable import Reporting

@Suite struct MarkupTests {
  @Test(
    "text becomes no markup, and no invisible character",
    arguments: [
      ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
      ("\" onload=\"x", "&quot; onload=&quot;x"), ("' onload='x", "&#39; onload=&#39;x"),
      ("a&amp;b", "a&amp;amp;b"),
      ("a\u{0}b\u{202e}c\n", "a\\u{0}b\\u{202e}c\\u{a}"), ("Grüße", "Grüße"),
    ])
  func encodes(_ text: String, _ expected: String) {
    let markup: Markup = "<b title=\"\(text)\">\(text)</b>"
    #expect(markup.text == "<b title=\"\(expected)\">\(expected)</b>")
  }

  @Test func markupIsNotEncodedAgain() {
    let inner: Markup = "<i>\("<")</i>"
    #expect(
      ("<b>\(inner)\([inner, inner])\(3)</b>" as Markup).text == "<b><i>&lt;</i><i>&lt;</i><i>&lt;</i>3</b>")
  }

  @Test func markdownOfOthersIsPlainText() {
    #expect(ReportMarkdown.plain("a|b`<c>*_[x](y)") == "a\\|b\\`&lt;c&gt;\\*\\_\\[x\\](y)")
  }
}
