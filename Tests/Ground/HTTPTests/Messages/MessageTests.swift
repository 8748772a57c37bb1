import Testing

@testable import HTTP

@Suite(.timeLimit(.minutes(30))) struct MessageTests {
  /// From `date -u -d @SECONDS`.
  @Test(arguments: [
    (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
    (951_782_399, "Mon, 28 Feb 2000 23:59:59 GMT"), (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
    (1_709_164_800, "Thu, 29 Feb 2024 00:00:00 GMT"), (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
    (1_798_761_599, "Thu, 31 Dec 2026 23:59:59 GMT"),
  ]) func aDateIsWrittenAsHTTPDoes(seconds: Int, text: String) {
    #expect(HTTPDate.text(seconds) == text)
  }

  @Test(arguments: [
    ("https://a", "a", 443, "/", "a"),
    ("HTTPS://Vault.example:8200", "Vault.example", 8200, "/", "Vault.example:8200"),
    ("http://127.0.0.1:80/x?y=z", "127.0.0.1", 80, "/x?y=z", "127.0.0.1"),
    ("https://[::1]:443/v1", "::1", 443, "/v1", "[::1]"),
    ("https://a?q", "a", 443, "/?q", "a"),
  ]) func anAddressIsRead(text: String, host: String, port: Int, target: String, authority: String) throws {
    let address = try #require(WebAddress(text))
    #expect((address.host, address.port) == (host, port))
    #expect(address.target == target)
    #expect(address.authority == authority)
    #expect(address.isSecure == text.lowercased().hasPrefix("https"))
  }

  @Test(arguments: [
    "", "a", "ftp://a", "https://", "https:///x", "https://u@a", "https://u:p@a", "https://a:", "https://a:0",
    "https://a:65536", "https://a:+443", "https://a:4:4", "https://::1", "https://[::1", "https://[a]",
    "https://[::1]x",
    "https://a/#x", "https://a/b c", "https://a/\r\nX: y", "https://ä", "https://a\u{0}", "https:/a",
    "https://a%41",
  ]) func whatIsNoAddressIsRefused(text: String) { #expect(WebAddress(text) == nil) }
}
