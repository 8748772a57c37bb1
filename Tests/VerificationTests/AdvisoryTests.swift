import Etcd
import Testing

@testable import Verification

@Suite("Known vulnerabilities by version")
struct AdvisoryTests {
  private func ids(_ version: String) throws -> Set<String> {
    let version = try #require(EtcdVersion(version))
    return Set(Advisory.all.filter { $0.affects(version) }.map(\.id))
  }

  @Test(
    "end with the release that has the fix",
    arguments: [
      ("CVE-2026-33343", "3.4.41", "3.4.42"), ("CVE-2026-33343", "3.5.27", "3.5.28"),
      ("CVE-2026-33413", "3.6.8", "3.6.9"), ("CVE-2026-44283", "3.5.29", "3.5.30"),
      ("GHSA-xg4h-6gfc-h4m8", "3.5.32", "3.5.33"), ("GHSA-xg4h-6gfc-h4m8", "3.6.13", "3.6.14"),
      ("GHSA-xg4h-6gfc-h4m8", "3.7.0", "3.7.1"), ("etcd pull request 22386", "3.5.99", "3.6.0"),
      ("CVE-2023-32082", "3.4.25", "3.4.26"), ("etcd issue 14648", "3.5.5", "3.5.6"),
      ("etcd issue 13766", "3.5.2", "3.5.3"),
    ])
  func fixed(id: String, last: String, mended: String) throws {
    #expect(try ids(last).contains(id))
    #expect(try !ids(mended).contains(id))
  }

  @Test("stay in a minor release without a fix")
  func neverMended() throws {
    #expect(try ids("3.4.45").contains("GHSA-xg4h-6gfc-h4m8"))
    #expect(try ids("3.4.45").contains("etcd pull request 22386"))
    #expect(try ids("3.3.27").contains("CVE-2026-33343"))
  }

  @Test("do not affect releases before the first vulnerable one")
  func since() throws {
    #expect(try !ids("3.4.20").contains("etcd issue 13766"))
    #expect(try ids("3.5.0").contains("etcd issue 13766"))
  }

  @Test("do not affect the newest releases")
  func newest() throws {
    for version in ["3.6.14", "3.7.1", "3.8.0", "4.0.0"] { #expect(try ids(version).isEmpty) }
    #expect(try ids("3.5.33") == ["etcd pull request 22386"])
  }

  @Test("have unique ids")
  func identifiers() {
    #expect(Set(Advisory.all.map(\.id)).count == Advisory.all.count)
  }
}
